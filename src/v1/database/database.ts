/** The database object: drizzle's own, with a queue. */
import type { InferInsertModel, SQLWrapper } from 'drizzle-orm';
import type { PgDialect, PgQueryResultHKT, PgTable } from 'drizzle-orm/pg-core';
import type { AnyRelations } from 'drizzle-orm/relations';
import { sessionOf } from '../../drizzle/insert.ts';
import { dialectOf } from '../../drizzle/internals.ts';
import { giveKind } from '../../drizzle/kind.ts';
import type { Load } from '../../load/load.ts';
import type { LoadOptions } from '../../load/options.ts';
import type { RowSource } from '../../load/source.ts';
import { makeLoad } from '../../load/start-load.ts';
import { onDatabase } from '../../load/target.ts';
import type { FlushReport } from '../../report.ts';
import type { DatabaseUnit } from '../../unit-of-work/database-unit.ts';
import type { AnySession, DatabaseClass } from '../drizzle/classes.ts';
import { type ExecuteMode, QueuedInsert } from './insert.ts';
import { type BatchedInsertBuilder, QueuedInsertBuilder } from './insert-builder.ts';
import type { BatchedTransactionConfig } from './session.ts';
import type { TransactionOf } from './transaction.ts';

/**
 * A database of drizzle's whose inserts are queued and written in batches. Make one with `batchedDrizzle()`.
 *
 * Inserts that are awaited in one turn of the event loop travel together. Each commits or fails by itself, as
 * in drizzle. Inserts that are not awaited wait for `flush()`.
 *
 * @example
 * await Promise.all(names.map((name) => db.insert(users).values({ name })));
 * // begin; select set_config(…); insert into "users" ("name") select … from unnest(…) …; commit
 */
export interface OnDatabase<TQueryResult extends PgQueryResultHKT, TRelations extends AnyRelations>
  extends AsyncDisposable {
  /**
   * An insert that is queued when `values()` is called.
   *
   * @example
   * const [user] = await db.insert(users).values({ name: 'Ada' }).returning();
   * // insert into "users" ("id", "name") values (default, $1) returning "id", "name"
   */
  insert<TTable extends PgTable>(table: TTable): BatchedInsertBuilder<TTable, TQueryResult>;

  /**
   * Runs the callback in a transaction with a queue of its own. The queue is written when the callback
   * returns, if not before, together with COMMIT.
   *
   * @param config drizzle's modes, and `batch.awaits` for this transaction alone
   * @returns the callback's result, once the server has committed
   * @throws the error that drizzle would reject with: of the callback, of the first failed statement, or of
   *   COMMIT; `BAD_OPTION` for an impossible `batch`
   * @example
   * await db.transaction(async (tx) => {
   *   const user = tx.insert(users).values({ name: 'Ada' });
   *   tx.insert(addresses).values({ email: 'ada@example.com', userId: user.ref('id') });
   * });
   * // one round trip: begin; select set_config(…); insert into "users" …; insert into "addresses" …; commit
   */
  transaction<T>(
    callback: (tx: TransactionOf<TQueryResult, TRelations>) => Promise<T>,
    config?: BatchedTransactionConfig,
  ): Promise<T>;

  /**
   * Writes any number of rows as fast as the server takes them. It uses COPY, and INSERT where COPY can't
   * write them: for conflict clauses, row-level security and rules. All of drizzle's mapping applies.
   *
   * At most two chunks are in memory, and the source waits meanwhile. If the source or the load fails, the
   * source is stopped.
   *
   * The load begins when it is awaited. It is one transaction, all or nothing, unless `commitEvery` is set.
   *
   * @returns the number of rows that were written, and of those that were not
   * @throws {BatchedDrizzleError} `BAD_OPTION` at the call, for an impossible argument
   * @throws {LoadError} when awaited: the row, the column and the cause; or the signal's reason if the signal
   *   aborted it
   * @example
   * await db.load(users, readUsers(), { onConflict: 'nothing' });
   * // begin; copy "users" ("name", "email") from stdin; …; commit
   */
  load<TTable extends PgTable>(
    table: TTable,
    rows: RowSource<InferInsertModel<TTable>>,
    options?: LoadOptions<TTable>,
  ): Load<TTable>;

  /** Rows that are queued and that no flush has taken. */
  readonly pending: number;

  /**
   * Writes all queued rows as one batch.
   *
   * @returns the statements, round trips and rows of the flush, in total and by table
   * @throws {FlushError} if rows could not be written, or an insert that was not awaited failed earlier
   * @example
   * for (const name of names) db.insert(users).values({ name });
   * const { rows } = await db.flush();
   * // begin; select set_config(…); insert into "users" ("name") select … from unnest(…) …; commit
   */
  flush(): Promise<FlushReport>;

  /** Flushes, so that `await using db = batchedDrizzle(url)` leaves no row unwritten. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** drizzle's database of a driver, with a queue. Ours stands first, so that its `insert` is tried before drizzle's. */
export type DatabaseOf<
  TQueryResult extends PgQueryResultHKT,
  TRelations extends AnyRelations,
  TBase,
> = OnDatabase<TQueryResult, TRelations> & TBase;

export type BatchedDatabaseClass = new (
  dialect: PgDialect,
  session: AnySession,
  relations: AnyRelations,
  unit: DatabaseUnit,
) => object;

/** drizzle's class of a driver's databases, with a queue. */
export function batchedDatabase(Base: DatabaseClass): BatchedDatabaseClass {
  class Database extends Base {
    static {
      giveKind(Database, 'BatchedDatabase');
    }

    private readonly unit: DatabaseUnit;

    constructor(dialect: PgDialect, session: AnySession, relations: AnyRelations, unit: DatabaseUnit) {
      super(dialect, session, relations, false);
      this.unit = unit;
    }

    /** An insert of some columns only is drizzle's own, and travels by itself. */
    override insert(table: PgTable, ...columns: string[]): object {
      if (columns.length > 0) return super.insert(table, ...columns);
      return new QueuedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
    }

    load(table: PgTable, rows: RowSource<never>, options?: LoadOptions): Load<PgTable> {
      return makeLoad(table, rows, options, dialectOf(this), onDatabase(this.unit.context));
    }

    /** A queued insert as the argument counts as awaited. */
    override execute(query: SQLWrapper | string, mode?: ExecuteMode): object {
      return QueuedInsert.handOver(query, () => super.execute(query, mode), mode);
    }

    get pending(): number {
      return this.unit.pending;
    }

    flush(): Promise<FlushReport> {
      return this.unit.flush();
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.flush();
    }
  }
  return Database;
}
