import type { SQL } from 'drizzle-orm';
import type {
  AnyPgInsert,
  PgInsertOnConflictDoUpdateConfig,
  PgTable,
  SelectedFieldsFlat,
} from 'drizzle-orm/pg-core';
import type { InsertOf } from '#version/drizzle/classes';
import { assignedColumns, conflictClause } from '../drizzle/insert.ts';
import { type Rendered, render, renderSelection } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { refuseCircle } from './circular-reference.ts';
import type { Conflict } from './conflict.ts';
import type { Entry } from './entry.ts';
import { referAgain } from './ref.ts';
import { lateReferences, renderSnapshot } from './rows.ts';

export type DoNothing = Parameters<InsertOf<PgTable>['onConflictDoNothing']>[0];

export function takeDoNothing(entry: Entry, config: DoNothing): void {
  takeConflict(entry, {
    clause: conflictClause(entry.shape, 'onConflictDoNothing', config),
    action: 'nothing',
    target: [config?.target ?? []].flat(),
    isPartial: config?.where !== undefined,
    maySkip: true,
    assigned: new Set(),
  });
}

export function takeDoUpdate(entry: Entry, config: PgInsertOnConflictDoUpdateConfig<AnyPgInsert>): void {
  takeConflict(entry, {
    clause: conflictClause(entry.shape, 'onConflictDoUpdate', config),
    action: 'update',
    target: [config.target].flat(),
    isPartial: config.targetWhere !== undefined,
    maySkip: (config.setWhere ?? config.where) !== undefined,
    assigned: assignedColumns(entry.shape.table, config.set),
  });
}

function takeConflict(entry: Entry, about: Omit<Conflict, keyof Rendered>): void {
  const { dialect } = entry.shape;
  // A clause with a placeholder is kept: `prepare()` fills it, and a queued insert is refused for it, as in
  // drizzle.
  const rendered = renderSnapshot(dialect, about.clause) ?? render(dialect, about.clause);
  takeReferences(entry, rendered);
  entry.conflict = { ...rendered, ...about };
  referAgain(entry);
}

export function takeReturning(entry: Entry, fields: SelectedFieldsFlat | undefined): void {
  const { shape } = entry;
  const returning = fields === undefined ? shape.selection : shape.selections.of(fields);
  if (!onlyColumns(returning)) takeReferences(entry, renderSelection(shape, returning));
  entry.returning = returning;
}

/** @param comment what drizzle makes of `comment()`'s argument; the last one counts, and an empty one is none */
export function takeComment(entry: Entry, comment: SQL | undefined): void {
  entry.extras.comment = comment ? ` ${render(entry.shape.dialect, comment).texts.join('')}` : '';
}

/** The values of these references must be known when the statement is written. */
function takeReferences(entry: Entry, expression: Rendered): void {
  const late = lateReferences(expression);
  refuseCircle(entry, late);
  entry.embed(late);
}
