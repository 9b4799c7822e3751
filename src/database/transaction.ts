import type { Assume, SQLWrapper } from 'drizzle-orm';
import type { PgDialect, PgTable } from 'drizzle-orm/pg-core';
import type { PgRaw } from 'drizzle-orm/pg-core/query-builders/raw';
import { type PostgresJsQueryResultHKT, PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { RelationalSchemaConfig, TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Row, RowList } from 'postgres';
import { type DatabaseParts, dialectOf } from '../drizzle/database.ts';
import { sessionOf } from '../drizzle/insert.ts';
import type { Load } from '../load/load.ts';
import type { LoadOptions } from '../load/options.ts';
import type { RowSource } from '../load/source.ts';
import { makeLoad } from '../load/start-load.ts';
import { inTransaction } from '../load/target.ts';
import type { FlushReport } from '../report.ts';
import { BatchedInsert } from './insert.ts';
import { BatchedInsertBuilder } from './insert-builder.ts';
import { TransactionSession } from './session.ts';

type Schema = Record<string, unknown>;

import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';

/**
 * A `PostgresJsTransaction` whose inserts are queued. Every other statement flushes the queue first.
 *
 * @example
 * await db.transaction(async (tx) => {
 *   tx.insert(users).values({ name: 'Ada' });
 *   await tx.select().from(users); // the insert is written first
 * });
 */
export class BatchedTransaction<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PostgresJsTransaction<TFullSchema, TSchema> {
  private readonly unit: TransactionUnit;

  constructor(
    dialect: PgDialect,
    session: TransactionSession<TFullSchema, TSchema>,
    schema: RelationalSchemaConfig<TSchema> | undefined,
    unit: TransactionUnit,
  ) {
    super(dialect, session as never, schema);
    this.unit = unit;
    unit.session = sessionOf(this);
  }

  /** See `BatchedDatabase.insert`. */
  override insert<TTable extends PgTable>(
    table: TTable,
  ): BatchedInsertBuilder<TTable, PostgresJsQueryResultHKT> {
    return new BatchedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
  }

  /**
   * Flushes the queue, sets a savepoint, and runs the callback in it. If the callback throws, rolls back to
   * the savepoint.
   */
  override transaction<T>(
    callback: (tx: BatchedTransaction<TFullSchema, TSchema>) => Promise<T>,
  ): Promise<T> {
    const session = this._.session as unknown as TransactionSession<TFullSchema, TSchema>;
    return session.transaction(
      callback as Parameters<PostgresJsTransaction<TFullSchema, TSchema>['transaction']>[0],
    ) as Promise<T>;
  }

  /**
   * See `BatchedDatabase.load`. The queued rows are written first.
   *
   * The load is a savepoint. If it fails, none of its rows stay, and the transaction may go on. Other
   * statements that the transaction ran meanwhile are undone too.
   */
  load<TTable extends PgTable>(
    table: TTable,
    rows: RowSource<TTable['$inferInsert']>,
    options?: Omit<LoadOptions<TTable>, 'commitEvery'>,
  ): Load<TTable> {
    return makeLoad(table, rows, options, dialectOf(this), inTransaction(this.unit));
  }

  /** See drizzle's `execute`. A queued insert as the argument counts as awaited. */
  override execute<TRow extends Record<string, unknown> = Record<string, unknown>>(
    query: SQLWrapper | string,
  ): PgRaw<RowList<Assume<TRow, Row>[]>> {
    return BatchedInsert.handOver(query, super.execute<TRow>(query));
  }

  /** Rows that are queued and that no flush has taken. */
  get pending(): number {
    return this.unit.pending;
  }

  /**
   * Writes all queued rows, in the transaction.
   *
   * @returns the statements, round trips and rows of the flush, in total and by table
   * @throws {FlushError} if rows could not be written; the transaction can't commit any more
   */
  flush(): Promise<FlushReport> {
    return this.unit.flush();
  }
}

export function makeTransaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig>(
  parts: DatabaseParts,
  unit: TransactionUnit,
): BatchedTransaction<TFullSchema, TSchema> {
  const session = new TransactionSession<TFullSchema, TSchema>(parts, unit, (nested) =>
    makeTransaction(parts, nested),
  );
  return new BatchedTransaction<TFullSchema, TSchema>(parts.dialect, session, parts.schema, unit);
}
