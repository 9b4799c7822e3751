/** The transaction object: drizzle's own, with a queue. */
import type { SQLWrapper } from 'drizzle-orm';
import type {
  PgDialect,
  PgQueryResultHKT,
  PgQueryResultKind,
  PgTable,
  PgTransaction,
} from 'drizzle-orm/pg-core';
import type { PgRaw } from 'drizzle-orm/pg-core/query-builders/raw';
import type { RelationalSchemaConfig, TablesRelationalConfig } from 'drizzle-orm/relations';
import type { AnySession, Schema, TransactionClass } from '../drizzle/classes.ts';
import { sessionOf } from '../drizzle/insert.ts';
import { dialectOf } from '../drizzle/internals.ts';
import { giveKind } from '../drizzle/kind.ts';
import type { Load } from '../load/load.ts';
import type { LoadOptions } from '../load/options.ts';
import type { RowSource } from '../load/source.ts';
import { makeLoad } from '../load/start-load.ts';
import { inTransaction } from '../load/target.ts';
import type { FlushReport } from '../report.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { BatchedInsert } from './insert.ts';
import { BatchedInsertBuilder } from './insert-builder.ts';
import type { NestingSession } from './session.ts';

/**
 * A transaction of drizzle's whose inserts are queued. Every other statement flushes the queue first.
 *
 * @example
 * await db.transaction(async (tx) => {
 *   tx.insert(users).values({ name: 'Ada' });
 *   await tx.select().from(users); // the insert is written first
 * });
 */
export interface TransactionOf<
  TQueryResult extends PgQueryResultHKT,
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PgTransaction<TQueryResult, TFullSchema, TSchema> {
  /** See `insert` of the database. */
  insert<TTable extends PgTable>(table: TTable): BatchedInsertBuilder<TTable, TQueryResult>;

  /**
   * Flushes the queue, sets a savepoint, and runs the callback in it. If the callback throws, rolls back to
   * the savepoint.
   */
  transaction<T>(callback: (tx: TransactionOf<TQueryResult, TFullSchema, TSchema>) => Promise<T>): Promise<T>;

  /**
   * See `load` of the database. The queued rows are written first.
   *
   * The load is a savepoint. If it fails, none of its rows stay, and the transaction may go on. Other
   * statements that the transaction ran meanwhile are undone too.
   */
  load<TTable extends PgTable>(
    table: TTable,
    rows: RowSource<TTable['$inferInsert']>,
    options?: Omit<LoadOptions<TTable>, 'commitEvery'>,
  ): Load<TTable>;

  /** Rows that are queued and that no flush has taken. */
  readonly pending: number;

  /**
   * Writes all queued rows, in the transaction.
   *
   * @returns the statements, round trips and rows of the flush, in total and by table
   * @throws {FlushError} if rows could not be written; the transaction can't commit any more
   */
  flush(): Promise<FlushReport>;
}

export type BatchedTransactionClass<TQueryResult extends PgQueryResultHKT> = new <
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
>(
  dialect: PgDialect,
  session: AnySession,
  schema: RelationalSchemaConfig<TSchema> | undefined,
  unit: TransactionUnit,
) => TransactionOf<TQueryResult, TFullSchema, TSchema>;

/** drizzle's class of a driver's transactions, with a queue. */
export function batchedTransaction<TQueryResult extends PgQueryResultHKT>(
  Base: TransactionClass<TQueryResult>,
): BatchedTransactionClass<TQueryResult> {
  return class Transaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig> extends Base<
    TFullSchema,
    TSchema
  > {
    static {
      giveKind(Transaction, 'BatchedTransaction');
    }

    private readonly unit: TransactionUnit;

    constructor(
      dialect: PgDialect,
      session: AnySession,
      schema: RelationalSchemaConfig<TSchema> | undefined,
      unit: TransactionUnit,
    ) {
      super(dialect, session, schema, unit.nestedIndex);
      this.unit = unit;
    }

    override insert<TTable extends PgTable>(table: TTable): BatchedInsertBuilder<TTable, TQueryResult> {
      return new BatchedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
    }

    override transaction<T>(
      callback: (tx: PgTransaction<TQueryResult, TFullSchema, TSchema>) => Promise<T>,
    ): Promise<T> {
      return (this._.session as unknown as NestingSession).nest(callback as never);
    }

    load<TTable extends PgTable>(
      table: TTable,
      rows: RowSource<TTable['$inferInsert']>,
      options?: Omit<LoadOptions<TTable>, 'commitEvery'>,
    ): Load<TTable> {
      return makeLoad(table, rows, options, dialectOf(this), inTransaction(this.unit));
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
  } as unknown as BatchedTransactionClass<TQueryResult>;
}
