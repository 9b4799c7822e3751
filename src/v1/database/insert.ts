/** The result of `insert(t).values(rows)`: drizzle's own insert, queued once, awaited like any other. */
import type { QueryPromise, SQL } from 'drizzle-orm';
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
import { change } from '../../database/chained-call.ts';
import { LeanInsert } from '../../database/lean-insert.ts';
import { insertSQL } from '../../drizzle/insert.ts';
import { giveKind } from '../../drizzle/kind.ts';
import { type DoNothing, takeDoNothing, takeDoUpdate, takeReturning } from '../../take/chained-calls.ts';
import type { Entry } from '../../take/entry.ts';
import { refer } from '../../take/ref.ts';
import type { UnitOfWork } from '../../unit-of-work/unit-of-work.ts';

/** The columns of a table by their property names. */
type ColumnsOf<TTable extends PgTable> = TTable['_']['columns'];

/** An insert whose rows can be referred to before they are written. */
export interface Referable<TTable extends PgTable> {
  /**
   * The future value of a column of a row, with the column's own type. It can be used wherever drizzle
   * accepts a value: in `values()` of another insert, in `set` and `where` of later statements.
   *
   * The value must be known before the row is written: keys from a sequence or an identity,
   * `defaultRandom()`, values that the caller gave, `$default` and `$defaultFn`.
   *
   * @param column the property name of the column
   * @param rowIndex the row of `values([...])`, from 0; default 0
   * @throws {BatchedDrizzleError} `BAD_REFERENCE` for any other column or row; the message lists those that
   *   are allowed
   * @example
   * const author = tx.insert(users).values({ name: 'Ada' });
   * tx.insert(posts).values({ title: 'Notes', authorId: author.ref('id') });
   * // insert into "posts" ("title", "author_id") select u.c1, k0.a[u.p2] from k0, unnest(…) …
   */
  ref<TKey extends keyof ColumnsOf<TTable> & string>(
    column: TKey,
    rowIndex?: number,
  ): SQL<ColumnsOf<TTable>[TKey]['_']['data']>;
}

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

  /**
   * For an insert as `execute()`'s argument: executing awaits the queued insert, and gives the driver's rows.
   */
  static handOver<T extends { execute: () => Promise<unknown> }>(
    query: unknown,
    raw: T,
    mode?: ExecuteMode,
  ): T {
    if (query instanceof QueuedInsert) {
      const { entry, unit } = query;
      raw.execute = () => unit.wait(entry, true).then(async () => inMode(await entry.driverResult(), mode));
    }
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
