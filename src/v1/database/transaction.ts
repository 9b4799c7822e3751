/** The transaction object: drizzle's own, with a queue. */
import type { InferInsertModel, SQLWrapper } from 'drizzle-orm';
import type { PgAsyncTransaction, PgDialect, PgQueryResultHKT, PgTable } from 'drizzle-orm/pg-core';
import type { AnyRelations } from 'drizzle-orm/relations';
import { sessionOf } from '../../drizzle/insert.ts';
import { dialectOf } from '../../drizzle/internals.ts';
import { giveKind } from '../../drizzle/kind.ts';
import type { Load } from '../../load/load.ts';
import type { LoadOptions } from '../../load/options.ts';
import type { RowSource } from '../../load/source.ts';
import { makeLoad } from '../../load/start-load.ts';
import { inTransaction } from '../../load/target.ts';
import type { FlushReport } from '../../report.ts';
import type { TransactionUnit } from '../../unit-of-work/transaction-unit.ts';
import type { AnySession, AnyTransaction, TransactionClass } from '../drizzle/classes.ts';
import { type ExecuteMode, QueuedInsert } from './insert.ts';
import { type BatchedInsertBuilder, QueuedInsertBuilder } from './insert-builder.ts';
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
export interface OnTransaction<TQueryResult extends PgQueryResultHKT, TRelations extends AnyRelations> {
  /** See `insert` of the database. */
  insert<TTable extends PgTable>(table: TTable): BatchedInsertBuilder<TTable, TQueryResult>;

  /**
   * Flushes the queue, sets a savepoint, and runs the callback in it. If the callback throws, rolls back to
   * the savepoint.
   */
  transaction<T>(callback: (tx: TransactionOf<TQueryResult, TRelations>) => Promise<T>): Promise<T>;

  /**
   * See `load` of the database. The queued rows are written first.
   *
   * The load is a savepoint. If it fails, none of its rows stay, and the transaction may go on. Other
   * statements that the transaction ran meanwhile are undone too.
   */
  load<TTable extends PgTable>(
    table: TTable,
    rows: RowSource<InferInsertModel<TTable>>,
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

/** drizzle's transaction, with a queue. Ours stands first, so that its `insert` is tried before drizzle's. */
export type TransactionOf<
  TQueryResult extends PgQueryResultHKT,
  TRelations extends AnyRelations,
> = OnTransaction<TQueryResult, TRelations> & PgAsyncTransaction<TQueryResult, TRelations>;

export type BatchedTransactionClass = new (
  dialect: PgDialect,
  session: AnySession,
  relations: AnyRelations,
  unit: TransactionUnit,
) => AnyTransaction;

/** drizzle's class of a driver's transactions, with a queue. */
export function batchedTransaction(Base: TransactionClass): BatchedTransactionClass {
  class Transaction extends Base {
    static {
      giveKind(Transaction, 'BatchedTransaction');
    }

    private readonly unit: TransactionUnit;

    constructor(dialect: PgDialect, session: AnySession, relations: AnyRelations, unit: TransactionUnit) {
      super(dialect, session, relations, unit.nestedIndex, false);
      this.unit = unit;
    }

    /** An insert of some columns only is drizzle's own, and travels by itself. */
    override insert(table: PgTable, ...columns: string[]): object {
      if (columns.length > 0) return super.insert(table, ...columns);
      return new QueuedInsertBuilder(table, sessionOf(this), dialectOf(this), this.unit);
    }

    override transaction<T>(callback: (tx: never) => Promise<T>): Promise<T> {
      return (this._.session as unknown as NestingSession).nest(callback as never);
    }

    load(table: PgTable, rows: RowSource<never>, options?: Omit<LoadOptions, 'commitEvery'>): Load<PgTable> {
      return makeLoad(table, rows, options, dialectOf(this), inTransaction(this.unit));
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
  }
  return Transaction as unknown as BatchedTransactionClass;
}
