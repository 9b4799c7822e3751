/** The database object: drizzle's own, with a queue. */
import type { SQLWrapper } from 'drizzle-orm';
import type {
  PgDatabase,
  PgDialect,
  PgQueryResultHKT,
  PgQueryResultKind,
  PgTable,
} from 'drizzle-orm/pg-core';
import type { PgRaw } from 'drizzle-orm/pg-core/query-builders/raw';
import type { ExtractTablesWithRelations, RelationalSchemaConfig } from 'drizzle-orm/relations';
import type { AnySession, DatabaseClass, Schema } from '../drizzle/classes.ts';
import { sessionOf } from '../drizzle/insert.ts';
import { dialectOf } from '../drizzle/internals.ts';
import { giveKind } from '../drizzle/kind.ts';
import type { Load } from '../load/load.ts';
import type { LoadOptions } from '../load/options.ts';
import type { RowSource } from '../load/source.ts';
import { makeLoad } from '../load/start-load.ts';
import { onDatabase } from '../load/target.ts';
import type { FlushReport } from '../report.ts';
import type { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { BatchedInsert } from './insert.ts';
import { BatchedInsertBuilder } from './insert-builder.ts';
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
export interface DatabaseOf<TQueryResult extends PgQueryResultHKT, TSchema extends Schema>
  extends PgDatabase<TQueryResult, TSchema>,
    AsyncDisposable {
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
    callback: (tx: TransactionOf<TQueryResult, TSchema, ExtractTablesWithRelations<TSchema>>) => Promise<T>,
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
    rows: RowSource<TTable['$inferInsert']>,
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

type BatchedDatabaseClass<TQueryResult extends PgQueryResultHKT> = new <TSchema extends Schema>(
  dialect: PgDialect,
  session: AnySession,
  schema: RelationalSchemaConfig<ExtractTablesWithRelations<TSchema>> | undefined,
  unit: DatabaseUnit,
) => DatabaseOf<TQueryResult, TSchema>;

/** drizzle's class of a driver's databases, with a queue. */
export function batchedDatabase<TQueryResult extends PgQueryResultHKT>(
  Base: DatabaseClass<TQueryResult>,
): BatchedDatabaseClass<TQueryResult> {
  return class Database<TSchema extends Schema> extends Base<TSchema> {
    static {
      giveKind(Database, 'BatchedDatabase');
    }

    private readonly unit: DatabaseUnit;

    constructor(
      dialect: PgDialect,
      session: AnySession,
      schema: RelationalSchemaConfig<ExtractTablesWithRelations<TSchema>> | undefined,
      unit: DatabaseUnit,
    ) {
      super(dialect, session, schema);
      this.unit = unit;
    }

    override insert<TTable extends PgTable>(table: TTable): BatchedInsertBuilder<TTable, TQueryResult> {
      return new BatchedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
    }

    load<TTable extends PgTable>(
      table: TTable,
      rows: RowSource<TTable['$inferInsert']>,
      options?: LoadOptions<TTable>,
    ): Load<TTable> {
      return makeLoad(table, rows, options, dialectOf(this), onDatabase(this.unit.context));
    }

    /** A queued insert as the argument counts as awaited. */
    override execute<TRow extends Schema = Schema>(
      query: SQLWrapper | string,
    ): PgRaw<PgQueryResultKind<TQueryResult, TRow>> {
      return BatchedInsert.handOver(query, () => super.execute<TRow>(query));
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
  } as unknown as BatchedDatabaseClass<TQueryResult>;
}
