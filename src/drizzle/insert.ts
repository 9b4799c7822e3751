/** drizzle's insert: its parts, and the statement that drizzle would send for it. */
import { type Column, is, Param, type Query, SQL, sql, Table } from 'drizzle-orm';
import { type PgColumn, type PgDialect, PgInsertBase, type PgTable } from 'drizzle-orm/pg-core';
import { shownParam } from '#version/drizzle/columns';
import { Expression } from './render.ts';
import type { SelectedField } from './selected-field.ts';
import type { TableShape } from './table.ts';

/** The parts of an insert from which drizzle writes it. */
export interface InsertDescription {
  readonly shape: TableShape;
  readonly count: number;
  readonly overriding: boolean;
  /** What the caller asked for. */
  readonly asked: readonly SelectedField[] | undefined;
  readonly conflict: { readonly clause: SQL } | undefined;
  /** With a space before it, or empty. */
  readonly comment: string;
  /** A driver value, an `Expression`, an `SQL`; `undefined` for a column that the row leaves out. */
  cell(row: number, column: number): unknown;
}

/** A session; `isReplaced` if the program has put a function of its own in the place of its `prepareQuery`. */
export type InsertSession = ConstructorParameters<typeof PgInsertBase>[2] & { readonly isReplaced?: boolean };

/** The session of a database or transaction, for builders. They do not use its schema types. */
export function sessionOf(owner: object): InsertSession {
  return (owner as any).session;
}

/** The arguments that an insert builder was made with. */
export function builderParts<TTable extends PgTable>(
  builder: object,
): { table: TTable; session: InsertSession; dialect: PgDialect; isOverriding: boolean } {
  const { table, session, dialect, overridingSystemValue_ } = builder as any;
  return { table, session, dialect, isOverriding: overridingSystemValue_ === true };
}

/** The SQL after `on conflict`, as drizzle's insert makes it from its `config`. */
export function conflictClause(
  { dialect, table }: TableShape,
  method: 'onConflictDoNothing' | 'onConflictDoUpdate',
  config: object | undefined,
): SQL {
  const insert = { dialect, config: { table } as { table: PgTable; onConflict: SQL } };
  (PgInsertBase.prototype as any)[method].call(insert, config);
  return insert.config.onConflict;
}

/** The columns that an update sets: those in `set`, and those with an `$onUpdateFn`. */
export function assignedColumns(table: PgTable, set: object): Set<Column> {
  const named = set as Record<string, unknown>;
  const columns = Object.entries<PgColumn>((table as any)[(Table as any).Symbol.Columns]);
  const isAssigned = ([key, { onUpdateFn }]: [string, PgColumn]) =>
    named[key] !== undefined || onUpdateFn !== undefined;
  return new Set(columns.filter(isAssigned).map(([, column]) => column));
}

/** The rows of an entry as drizzle's insert holds them: mapped, with defaults filled in. */
function mappedValues(entry: InsertDescription): Record<string, SQL>[] {
  return Array.from({ length: entry.count }, (_, row) =>
    Object.fromEntries(
      entry.shape.columns.flatMap(({ key }, column) => {
        const cell = entry.cell(row, column);
        return cell === undefined ? [] : [[key, toSQL(cell)]];
      }),
    ),
  );
}

/** A parameter alone would be mapped once more by drizzle 1.0. */
function toSQL(cell: unknown): SQL {
  if (is(cell, SQL)) return cell;
  if (!(cell instanceof Expression)) return new SQL([new Param(shownParam(cell))]);
  const { texts, params } = cell.rendered;
  return sql.join(
    texts.flatMap((text, index) => [
      sql.raw(text),
      ...(index < params.length ? [new Param(shownParam(params[index]))] : []),
    ]),
  );
}

/** The `config` of drizzle's insert, whose constructor our inserts do not run. */
export function insertConfig({ shape, overriding, asked, conflict, comment }: InsertDescription): object {
  return {
    table: shape.table,
    values: [],
    withList: undefined,
    select: false,
    overridingSystemValue_: overriding,
    ...(asked && {
      returning: asked,
      returningFields: fieldsOf(asked),
    }),
    ...(conflict && { onConflict: conflict.clause }),
    ...(comment && { comment: sql.raw(comment.slice(1)) }),
  };
}

/** The fields that `returning()` was called with; drizzle's selection is the flat list of them. */
function fieldsOf(selection: readonly SelectedField[]): object {
  const fields: Record<string, unknown> = {};
  for (const { path, field } of selection) {
    let node = fields;
    for (const key of path.slice(0, -1)) {
      node[key] ??= {};
      node = node[key] as Record<string, unknown>;
    }
    node[path.at(-1) as string] = field;
  }
  return fields;
}

/**
 * An insert as drizzle itself writes it.
 *
 * @param useSelectionCastCodecs it is executed, so that drizzle 1.0 casts some of the returned columns
 */
export function insertSQL(entry: InsertDescription, useSelectionCastCodecs = false): SQL {
  const { dialect } = entry.shape as any;
  return dialect.buildInsertQuery({
    ...insertConfig(entry),
    values: mappedValues(entry),
    useSelectionCastCodecs,
  });
}

/** The statement that plain drizzle would send for an insert. */
export function describeInsert(entry: InsertDescription): Query {
  return entry.shape.dialect.sqlToQuery(insertSQL(entry, true));
}
