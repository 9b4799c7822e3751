/** The result of `insert(t).values(rows)`: drizzle's own insert, queued once, awaited like any other. */
import type { ColumnsSelection, SQL } from 'drizzle-orm';
import type {
  AnyPgInsert,
  PgInsertOnConflictDoUpdateConfig,
  PgInsertPrepare,
  PgQueryResultHKT,
  PgTable,
  SelectedFieldsFlat,
} from 'drizzle-orm/pg-core';
import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types';
import { insertSQL } from '../drizzle/insert.ts';
import { giveKind } from '../drizzle/kind.ts';
import { type DoNothing, takeDoNothing, takeDoUpdate, takeReturning } from '../take/chained-calls.ts';
import type { Entry } from '../take/entry.ts';
import { refer } from '../take/ref.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';
import { claim, type InsertParts, prepareFor } from './by-session.ts';
import { change } from './chained-call.ts';
import { driverResult } from './driver-result.ts';
import { LeanInsert } from './lean-insert.ts';
import type { ColumnsOf, Referable } from './referable.ts';

type Without<
  T extends AnyPgInsert,
  TDynamic extends boolean,
  TKey extends keyof T & string,
> = TDynamic extends true
  ? T
  : Omit<
      BatchedInsert<
        T['_']['table'],
        T['_']['queryResult'],
        T['_']['selectedFields'],
        T['_']['returning'],
        TDynamic,
        T['_']['excludedMethods'] | TKey
      >,
      T['_']['excludedMethods'] | TKey
    >;

/** The type that drizzle's `$dynamic()` gives an insert: all methods again, and rows of any shape. */
type Dynamic<T extends AnyPgInsert> = BatchedInsert<
  T['_']['table'],
  T['_']['queryResult'],
  T['_']['returning'],
  Record<string, unknown> | undefined,
  true
>;

/**
 * drizzle's insert, queued when it is made. It runs once, at the first of: an explicit `flush()`, the end of
 * the turn in which it is awaited, the next statement of its transaction, the transaction's end.
 *
 * Awaiting it again gives the same rows or error. It rejects with a `BatchedInsertError`, whose `cause` is
 * the driver's.
 */
export class BatchedInsert<
    TTable extends PgTable,
    TQueryResult extends PgQueryResultHKT,
    TSelectedFields extends ColumnsSelection | undefined = undefined,
    TReturning extends Record<string, unknown> | undefined = undefined,
    TDynamic extends boolean = false,
    TExcludedMethods extends string = never,
  >
  extends LeanInsert<TTable, TQueryResult, TSelectedFields, TReturning, TDynamic, TExcludedMethods>
  implements Referable<TTable>
{
  // Plain properties: users wrap databases and inserts in proxies, which private fields refuse.
  private readonly entry: Entry;
  private readonly unit: UnitOfWork;

  constructor(entry: Entry, unit: UnitOfWork) {
    super();
    this.entry = entry;
    this.unit = unit;
  }

  ref<TKey extends keyof ColumnsOf<TTable> & string>(
    column: TKey,
    rowIndex = 0,
  ): SQL<ColumnsOf<TTable>[TKey]['_']['data']> {
    return refer(this.entry, column, rowIndex) as SQL<ColumnsOf<TTable>[TKey]['_']['data']>;
  }

  override returning(): Without<
    BatchedInsert<
      TTable,
      TQueryResult,
      ColumnsOf<TTable>,
      TTable['$inferSelect'],
      TDynamic,
      TExcludedMethods
    >,
    TDynamic,
    'returning'
  >;
  override returning<TFields extends SelectedFieldsFlat>(
    fields: TFields,
  ): Without<
    BatchedInsert<TTable, TQueryResult, TFields, SelectResultFields<TFields>, TDynamic, TExcludedMethods>,
    TDynamic,
    'returning'
  >;
  override returning(fields?: SelectedFieldsFlat): never {
    return change(this, this.unit, this.entry, takeReturning, fields);
  }

  override onConflictDoNothing(
    config?: DoNothing,
  ): Without<this, TDynamic, 'onConflictDoNothing' | 'onConflictDoUpdate'> {
    return change(this, this.unit, this.entry, takeDoNothing, config);
  }

  override onConflictDoUpdate(
    config: PgInsertOnConflictDoUpdateConfig<this>,
  ): Without<this, TDynamic, 'onConflictDoNothing' | 'onConflictDoUpdate'> {
    return change(this, this.unit, this.entry, takeDoUpdate, config);
  }

  override $dynamic(): Dynamic<this> {
    return super.$dynamic() as unknown as Dynamic<this>;
  }

  /**
   * For an insert as `execute()`'s argument: executing awaits the queued insert, and gives the driver's rows.
   */
  static handOver<T extends { execute: () => Promise<unknown> }>(query: unknown, make: () => T): T {
    if (!(query instanceof BatchedInsert)) return make();
    const insert = query as unknown as InsertParts;
    const { entry, unit } = insert;
    const raw = prepareFor(insert, make);
    const { execute } = raw;
    raw.execute = () =>
      claim(insert, () => execute.call(raw)) ?? unit.wait(entry, true).then(() => driverResult(entry));
    return raw;
  }

  /** drizzle calls it to describe an insert: in `toSQL()`, `prepare()`, a CTE, `db.execute(insert)`. */
  override getSQL(): SQL {
    this.unit.describe(this.entry);
    return insertSQL(this.entry);
  }

  override prepare(name: string): PgInsertPrepare<this> {
    const prepared = super.prepare(name);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (...args) => {
      this.unit.forget(this.entry);
      return execute(...args);
    };
    return prepared;
  }
}

giveKind(BatchedInsert, 'BatchedInsert');
