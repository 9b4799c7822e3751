/**
 * The columns that a chunk's statement returns: those that callers select, and those that identify the rows.
 */

import type { PgDialect } from 'drizzle-orm/pg-core';
import { columnName } from '#version/drizzle/columns';
import type { FlushContext } from '../context.ts';
import { Column, is } from '../drizzle/exports.ts';
import { type Rendered, renderSelection } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { columnAt, nameForReference, returnedItem, type TableShape } from '../drizzle/table.ts';
import { columnFacts } from '../facts/table-facts.ts';
import { type Chunk, type ChunkConflictKey, entriesOf } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';

/** Whether the client has all that the entry selects before the answer, namely the keys it was given. */
export function isKnown(entry: Entry, plan: Plan, chunk: Chunk, { driver }: FlushContext): boolean {
  const sentinelColumn = plan.sentinelColumns.get(chunk.shape.table);
  if (sentinelColumn === undefined || chunk.facts?.secured) return false;
  if (chunk.way === 'own' || chunk.way === 'matched') return false;
  const facts = columnFacts(chunk.facts, chunk.shape, sentinelColumn);
  const key = chunk.shape.columns[sentinelColumn]?.column;
  const selectsKey = entry.returning?.every(({ field }) => field === key) ?? false;
  return selectsKey && facts !== undefined && driver.parser(facts.base) !== undefined;
}

export interface Returning {
  /**
   * The columns of RETURNING. `undefined` if no row is needed: RETURNING requires the privilege to SELECT.
   */
  readonly clause: Rendered | undefined;
  /** The position of each column in the returned row, by its name in the database. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * @param sentinelColumn the column, by index, that identifies the returned rows
 * @param isKnown whether the client has the entry's result before the answer
 */
export function planReturning(
  chunk: Chunk,
  dialect: PgDialect,
  sentinelColumn: number | undefined,
  isKnown: (entry: Entry) => boolean,
): Returning {
  const names = new Set<string>();
  const nameOf = (column: number): string => columnAt(chunk.shape, column).name;
  const selection = chunk.first.returning;
  const late = [...chunk.returnedColumns].map((column) => nameForReference(chunk.shape, column));

  // Only entries that stand alone select expressions. They are written as drizzle writes them.
  if (chunk.way === 'own' && selection && !onlyColumns(selection)) {
    const own = renderSelection(chunk.shape, selection);
    const extra = late.map((name) => `, ${returnedItem(chunk.shape, name)}`).join('');
    const texts = [...own.texts.slice(0, -1), `${own.texts.at(-1)}${extra}`];
    const places = new Map(late.map((name, index) => [name, selection.length + index]));
    for (const [place, { field }] of selection.entries()) {
      const name = is(field, Column) ? chunk.shape.names.get(field) : undefined;
      if (name !== undefined) places.set(name, place);
    }
    return { clause: { texts, params: own.params }, places };
  }

  // The server refuses an empty selection.
  if (selection?.length === 0) return { clause: { texts: [''], params: [] }, places: new Map() };

  const asked = new Set<Entry['returning']>();
  for (const entry of entriesOf(chunk)) {
    if (!entry.returning || asked.has(entry.returning)) continue;
    asked.add(entry.returning);
    if (isKnown(entry)) continue;
    for (const { field } of entry.returning)
      names.add(columnName(dialect, field as Parameters<typeof columnName>[1]));
  }
  for (const name of late) names.add(name);
  if (chunk.conflictKey) return matchedReturning(chunk, chunk.conflictKey, names);
  if (names.size === 0) return { clause: undefined, places: new Map() };
  if (chunk.way !== 'own' && sentinelColumn !== undefined) names.add(nameOf(sentinelColumn));
  return {
    clause: clauseOf(names, chunk.shape),
    places: new Map([...names].map((name, place) => [name, place])),
  };
}

function clauseOf(names: Iterable<string>, shape: TableShape): Rendered {
  const items = [...names].map((name) => returnedItem(shape, name));
  return { texts: [items.join(', ')], params: [] };
}

/** How many columns precede the selected ones in the answer of `matchedInsert`. */
const leadingColumns = 2;

/** Needs no RETURNING if every row is written and nothing is selected. The count of rows is enough then. */
function matchedReturning(
  { shape, first }: Chunk,
  { columns }: ChunkConflictKey,
  names: ReadonlySet<string>,
): Returning {
  if (names.size === 0 && !first.conflict?.maySkip) return { clause: undefined, places: new Map() };
  const compared = columns.map((column) => columnAt(shape, column).name);
  return {
    clause: clauseOf(new Set([...compared, ...names]), shape),
    places: new Map([...names].map((name, place) => [name, place + leadingColumns])),
  };
}
