/** The objects a program holds: drizzle's own, with a queue. */
import type { Assume, SQLWrapper } from 'drizzle-orm';
import type { PgDialect, PgTable, PgTransactionConfig } from 'drizzle-orm/pg-core';
import type { PgRaw } from 'drizzle-orm/pg-core/query-builders/raw';
import { PostgresJsDatabase, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { ExtractTablesWithRelations, RelationalSchemaConfig } from 'drizzle-orm/relations';
import type { Row, RowList } from 'postgres';
import { dialectOf } from '../drizzle/database.ts';
import { sessionOf } from '../drizzle/insert.ts';
import type { Load } from '../load/load.ts';
import type { LoadOptions } from '../load/options.ts';
import type { RowSource } from '../load/source.ts';
import { makeLoad } from '../load/start-load.ts';
import { onDatabase } from '../load/target.ts';
import type { FlushReport } from '../report.ts';
import type { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { BatchedInsert } from './insert.ts';
import { BatchedInsertBuilder } from './insert-builder.ts';
import type { DatabaseSession } from './session.ts';
import type { BatchedTransaction } from './transaction.ts';

type Schema = Record<string, unknown>;

/**
 * A `PostgresJsDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`.
 *
 * Awaited inserts of one turn of the event loop travel together, each committing by itself as in drizzle;
 * what nobody awaits waits for `flush()`.
 */
export class BatchedDatabase<
  TSchema extends Schema = Record<string, never>,
> extends PostgresJsDatabase<TSchema> {
  private readonly unit: DatabaseUnit;

  constructor(
    dialect: PgDialect,
    session: DatabaseSession<TSchema, ExtractTablesWithRelations<TSchema>>,
    schema: RelationalSchemaConfig<ExtractTablesWithRelations<TSchema>> | undefined,
    unit: DatabaseUnit,
  ) {
    super(dialect, session, schema);
    this.unit = unit;
    unit.session = sessionOf(this);
  }

  /**
   * An insert that is queued when `values()` is called.
   *
   * @example
   * const [user] = await db.insert(users).values({ name: 'Ada' }).returning();
   */
  override insert<TTable extends PgTable>(
    table: TTable,
  ): BatchedInsertBuilder<TTable, PostgresJsQueryResultHKT> {
    return new BatchedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
  }

  /**
   * Runs the callback in a transaction with a queue of its own, which is written at the latest when the
   * callback returns, along with COMMIT.
   *
   * @returns what the callback returns, once the server has committed
   * @throws what `drizzle()` would reject with: the callback's error, the first failed statement's, COMMIT's
   * @example
   * await db.transaction(async (tx) => {
   *   const user = tx.insert(users).values({ name: 'Ada' });
   *   tx.insert(addresses).values({ email: 'ada@example.com', userId: user.ref('id') });
   * }); // begin; select set_config(…); insert into "users" …; insert into "addresses" …; commit — one round trip
   */
  override transaction<T>(
    callback: (tx: BatchedTransaction<TSchema, ExtractTablesWithRelations<TSchema>>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return super.transaction(
      callback as Parameters<PostgresJsDatabase<TSchema>['transaction']>[0],
      config,
    ) as Promise<T>;
  }

  /**
   * Writes rows as fast as the server takes them, however many: by COPY, and by INSERT where COPY can't say what they need
   * (conflicts, row-level security, rules). All of drizzle's mapping applies. Two chunks are in memory at most, and the source
   * waits meanwhile; one that fails, or whose load does, is told to end.
   *
   * It begins when it is awaited. It is one transaction, all or nothing, unless `commitEvery` says otherwise.
   *
   * @returns how many rows were written, and how many were not
   * @throws {BatchedDrizzleError} `BAD_OPTION` at the call, for an impossible argument
   * @throws {LoadError} when awaited: which row it was, which column, why; the signal's reason where that stopped it
   * @example
   * await db.load(users, readUsers(), { onConflict: 'nothing' });
   * // begin; copy "users" ("name", "email") from stdin; …; commit
   */
  load<TTable extends PgTable>(
    table: TTable,
    rows: RowSource<TTable['$inferInsert']>,
    options?: LoadOptions<TTable>,
  ): Load<TTable> {
    return makeLoad(table, rows, options, dialectOf(this), onDatabase(this.unit.context));
  }

  /** See drizzle's `execute`; a queued insert that is handed over counts as awaited. */
  override execute<TRow extends Record<string, unknown> = Record<string, unknown>>(
    query: SQLWrapper | string,
  ): PgRaw<RowList<Assume<TRow, Row>[]>> {
    return BatchedInsert.handOver(query, super.execute<TRow>(query));
  }

  /** Rows queued and not yet on their way. */
  get pending(): number {
    return this.unit.pending;
  }

  /**
   * Writes everything that is queued, as one batch.
   *
   * @returns what was sent, in all and by table
   * @throws {FlushError} where something could not be written, also what failed earlier with nobody waiting
   */
  flush(): Promise<FlushReport> {
    return this.unit.flush();
  }

  /** Flushes, so that `await using db = batchedDrizzle(url)` leaves nothing behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}
