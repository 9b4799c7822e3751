/** drizzle's insert builder. Its `values()` reads the rows and queues them. */

import {
  type PgDialect,
  PgInsertBuilder,
  type PgInsertValue,
  type PgQueryResultHKT,
  type PgTable,
} from 'drizzle-orm/pg-core';
import { builderParts, type InsertSession } from '../drizzle/insert.ts';
import { type TableShape, tableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import { noteCallSite } from '../take/call-site.ts';
import { Entry } from '../take/entry.ts';
import { type TakenRows, takeRows } from '../take/rows.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';
import { BatchedInsert } from './insert.ts';

/**
 * drizzle's insert builder. Rows are queued; rows with placeholders, and `select()`, give drizzle's own
 * insert.
 */
export class BatchedInsertBuilder<
  TTable extends PgTable,
  TQueryResult extends PgQueryResultHKT,
  OverrideT extends boolean = false,
> extends PgInsertBuilder<TTable, TQueryResult, OverrideT> {
  private readonly unit: UnitOfWork;

  constructor(table: TTable, session: InsertSession, dialect: PgDialect, unit: UnitOfWork) {
    super(table, session, dialect);
    this.unit = unit;
  }

  override overridingSystemValue(): Omit<
    BatchedInsertBuilder<TTable, TQueryResult, true>,
    'overridingSystemValue'
  > {
    return super.overridingSystemValue() as unknown as BatchedInsertBuilder<TTable, TQueryResult, true>;
  }

  /**
   * Queues the rows with the values they have now. Later changes to the objects change nothing, and
   * `$defaultFn` runs here, once.
   *
   * @throws {Error} for an empty array
   * @example
   * await db.insert(users).values({ name: 'Ada' });
   * // insert into "users" ("id", "name") values (default, $1)
   */
  override values(value: PgInsertValue<TTable, OverrideT>): BatchedInsert<TTable, TQueryResult>;
  override values(values: PgInsertValue<TTable, OverrideT>[]): BatchedInsert<TTable, TQueryResult>;
  override values(
    values: PgInsertValue<TTable, OverrideT> | PgInsertValue<TTable, OverrideT>[],
  ): BatchedInsert<TTable, TQueryResult> {
    const rows = Array.isArray(values) ? values : [values];
    const { table, dialect, isOverriding } = builderParts<TTable>(this);
    const shape = tableShape(dialect, table);
    if (rows.length === 0) {
      throw new Error('values() must be called with at least one value; got an empty array');
    }
    const taken = take(shape, rows);
    // What is no row, and a getter that throws, drizzle refuses at the call.
    if (taken && 'error' in taken) super.values(rows);
    // A prepared statement fills placeholders, and drizzle's own insert can be prepared.
    if (taken === undefined) return super.values(rows) as BatchedInsert<TTable, TQueryResult>;
    const { cells, forms, references, embedded, bytes } = 'error' in taken ? rowsOfNothing : taken;
    const entry = new Entry(shape, rows.length, cells, forms, references, embedded, isOverriding, bytes);
    const insert = new BatchedInsert<TTable, TQueryResult>(entry, this.unit);
    if (this.unit.context.options.trace) noteCallSite(entry, this.values);
    if ('error' in taken) {
      this.unit.refuse(entry, taken.error);
    } else this.unit.enqueue(entry);
    return insert;
  }
}

/** The rows of an insert that is refused. */
const rowsOfNothing: TakenRows = { cells: [], forms: [], references: [], embedded: [], bytes: 0 };

/** As in drizzle, an error of a column's mapping rejects the insert when it is awaited. */
function take(shape: TableShape, rows: readonly object[]): TakenRows | { readonly error: Error } | undefined {
  try {
    return takeRows(shape, rows as readonly Record<string, unknown>[]);
  } catch (error) {
    return { error: asError(error) };
  }
}
