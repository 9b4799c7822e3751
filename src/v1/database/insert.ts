/** The result of `insert(t).values(rows)`: drizzle's own insert, queued once, awaited like any other. */
import { type QueryPromise, type SQL, sql } from 'drizzle-orm';
import type {
  AnyPgInsert,
  PgAsyncPreparedQuery,
  PgInsertBase,
  PgInsertHKTBase,
  PgInsertKind,
  PgInsertOnConflictDoUpdateConfig,
  PgQueryResultHKT,
  PgQueryResultKind,
  PgTable,
  PreparedQueryConfig,
  SelectedFieldsFlat,
} from 'drizzle-orm/pg-core';
import { claim, type InsertParts, prepareFor } from '../../database/by-session.ts';
import { change } from '../../database/chained-call.ts';
import { driverResult } from '../../database/driver-result.ts';
import { LeanInsert } from '../../database/lean-insert.ts';
import type { Referable } from '../../database/referable.ts';
import { insertSQL } from '../../drizzle/insert.ts';
import { giveKind } from '../../drizzle/kind.ts';
import {
  type DoNothing,
  takeComment,
  takeDoNothing,
  takeDoUpdate,
  takeReturning,
} from '../../take/chained-calls.ts';
import type { Entry } from '../../take/entry.ts';
import { refer } from '../../take/ref.ts';
import type { UnitOfWork } from '../../unit-of-work/unit-of-work.ts';

type Assume<T, Expected> = T extends Expected ? T : Expected;

type Result<TQueryResult extends PgQueryResultHKT, TReturning> = TReturning extends undefined
  ? PgQueryResultKind<TQueryResult, never>
  : TReturning[];

/** What drizzle's inserts have that can be awaited. */
interface Awaitable<TResult> extends QueryPromise<TResult> {
  prepare(name?: string): PgAsyncPreparedQuery<PreparedQueryConfig & { execute: TResult }>;
  execute(placeholderValues?: Record<string, unknown>): Promise<TResult>;
}

/** By this drizzle gives each chained call the type of our inserts: drizzle's own, and `ref()`. */
export interface BatchedInsertHKT extends PgInsertHKTBase {
  _type: PgInsertBase<
    BatchedInsertHKT,
    Assume<this['table'], PgTable>,
    Assume<this['queryResult'], PgQueryResultHKT>,
    this['selectedFields'],
    this['returning'],
    this['dynamic'],
    this['excludedMethods']
  > &
    Awaitable<Result<Assume<this['queryResult'], PgQueryResultHKT>, this['returning']>> &
    Referable<Assume<this['table'], PgTable>>;
}

/**
 * drizzle's insert, queued when it is made. It runs once, at the first of: an explicit `flush()`, the end of
 * the turn in which it is awaited, the next statement of its transaction, the transaction's end.
 *
 * Awaiting it again gives the same rows or error. It rejects with a `BatchedInsertError`, whose `cause` is
 * the driver's.
 */
export type BatchedInsert<TTable extends PgTable, TQueryResult extends PgQueryResultHKT> = PgInsertKind<
  BatchedInsertHKT,
  TTable,
  TQueryResult
>;

export type ExecuteMode = 'arrays' | 'objects' | 'raw';

export class QueuedInsert extends LeanInsert<PgTable, PgQueryResultHKT> implements Referable<PgTable> {
  // Plain properties: users wrap databases and inserts in proxies, which private fields refuse.
  private readonly entry: Entry;
  private readonly unit: UnitOfWork;

  constructor(entry: Entry, unit: UnitOfWork) {
    super();
    this.entry = entry;
    this.unit = unit;
  }

  ref(column: string, rowIndex = 0): SQL<never> {
    return refer(this.entry, column, rowIndex) as SQL as SQL<never>;
  }

  override returning(fields?: SelectedFieldsFlat): never {
    return change(this, this.unit, this.entry, takeReturning, fields);
  }

  override onConflictDoNothing(config?: DoNothing): never {
    return change(this, this.unit, this.entry, takeDoNothing, config);
  }

  override onConflictDoUpdate(config: PgInsertOnConflictDoUpdateConfig<AnyPgInsert>): never {
    return change(this, this.unit, this.entry, takeDoUpdate, config);
  }

  override comment(comment: Parameters<typeof sql.comment>[0]): never {
    return change(this, this.unit, this.entry, takeComment, sql.comment(comment));
  }

  /**
   * For an insert as `execute()`'s argument: executing awaits the queued insert, and gives the driver's rows.
   */
  static handOver<T extends { execute: () => Promise<unknown> }>(
    query: unknown,
    make: () => T,
    mode?: ExecuteMode,
  ): T {
    if (!(query instanceof QueuedInsert)) return make();
    const insert = query as unknown as InsertParts;
    const { entry, unit } = insert;
    const raw = prepareFor(insert, make);
    const { execute } = raw;
    raw.execute = () =>
      claim(insert, () => execute.call(raw)) ??
      unit.wait(entry, true).then(async () => inMode(await driverResult(entry), mode));
    return raw;
  }

  /** drizzle calls it to describe an insert: in `toSQL()`, `prepare()`, a CTE, `db.execute(insert)`. */
  override getSQL(withCastCodecs = false): SQL {
    this.unit.describe(this.entry);
    return insertSQL(this.entry, withCastCodecs);
  }

  override prepare(name?: string): never {
    const prepared = super.prepare(name);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (...args) => {
      this.unit.forget(this.entry);
      return execute(...args);
    };
    return prepared as never;
  }
}

giveKind(QueuedInsert, 'BatchedInsert');

/** The class, for `instanceof`. */
export const BatchedInsert: abstract new (...args: never[]) => object = QueuedInsert;

/** @param result the driver's own, which is an array of rows or has one */
function inMode(result: unknown, mode: ExecuteMode = 'raw'): unknown {
  if (mode === 'raw') return result;
  const rows: readonly object[] = Array.isArray(result) ? [...result] : (result as { rows: object[] }).rows;
  return mode === 'objects' ? rows : rows.map((row) => Object.values(row));
}
