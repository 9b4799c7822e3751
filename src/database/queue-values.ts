/** `values()`: reads the rows, and queues them. */
import type { PgDialect, PgTable } from 'drizzle-orm/pg-core';
import { type TableShape, tableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import { noteCallSite } from '../take/call-site.ts';
import { Entry } from '../take/entry.ts';
import { type TakenRows, takeRows } from '../take/rows.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';

interface Builder {
  readonly table: PgTable;
  readonly dialect: PgDialect;
  readonly isOverriding: boolean;
}

interface Inserts<TRow, TInsert> {
  /** drizzle's own insert of the rows. */
  plain(rows: TRow[]): TInsert;
  queued(entry: Entry): TInsert;
  /** The function that the program has called. */
  below(...args: never[]): unknown;
}

/** @throws {Error} for an empty array */
export function queueValues<TRow extends object, TInsert>(
  { table, dialect, isOverriding }: Builder,
  unit: UnitOfWork,
  values: TRow | TRow[],
  { plain, queued, below }: Inserts<TRow, TInsert>,
): TInsert {
  const rows = Array.isArray(values) ? values : [values];
  const shape = tableShape(dialect, table);
  if (rows.length === 0) {
    throw new Error('values() must be called with at least one value; got an empty array');
  }
  const taken = take(shape, rows, isOverriding);
  // What is no row, and a getter that throws, drizzle may refuse at the call.
  if (taken && 'error' in taken) plain(rows);
  // A prepared statement fills placeholders, and drizzle's own insert can be prepared.
  if (taken === undefined) return plain(rows);
  const { cells, forms, references, embedded, bytes } = 'error' in taken ? rowsOfNothing : taken;
  const entry = new Entry(shape, rows.length, cells, forms, references, embedded, isOverriding, bytes);
  const insert = queued(entry);
  if (unit.context.options.trace) noteCallSite(entry, below);
  if ('error' in taken) {
    unit.refuse(entry, taken.error);
  } else unit.enqueue(entry);
  return insert;
}

/** The rows of an insert that is refused. */
const rowsOfNothing: TakenRows = { cells: [], forms: [], references: [], embedded: [], bytes: 0 };

/** As in drizzle, an error of a column's mapping rejects the insert when it is awaited. */
function take(
  shape: TableShape,
  rows: readonly object[],
  isOverriding: boolean,
): TakenRows | { readonly error: Error } | undefined {
  try {
    return takeRows(shape, rows as readonly Record<string, unknown>[], isOverriding);
  } catch (error) {
    return { error: asError(error) };
  }
}
