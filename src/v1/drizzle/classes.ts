/** drizzle's classes of a driver, as far as they are alike. */
import type { SQLWrapper } from 'drizzle-orm';
import type {
  PgAsyncInsertBase,
  PgAsyncPreparedQuery,
  PgAsyncSession,
  PgAsyncTransaction,
  PgDialect,
  PgQueryResultHKT,
  PgTable,
  PgTransactionConfig,
  PreparedQueryConfig,
} from 'drizzle-orm/pg-core';

export type Prepare = PgAsyncSession['prepareQuery'];

/** A transaction object of any driver, as a callback gets it. */
export type AnyTransaction = PgAsyncTransaction<any, any>;

/** A session of any driver. */
export interface AnySession extends PgAsyncSession<any, any> {
  prepareQuery<T extends PreparedQueryConfig>(...args: Parameters<Prepare>): PgAsyncPreparedQuery<T>;
  transaction<T>(callback: (tx: AnyTransaction) => Promise<T>, config?: PgTransactionConfig): Promise<T>;
}

/**
 * What ours change of drizzle's databases and transactions. A class that narrows their generic methods would not be assignable
 * to them, so that these types are given to it behind its back: `DatabaseOf`, `TransactionOf`.
 */
interface AnyDatabase {
  readonly _: { readonly session: any };
  insert(table: PgTable, ...columns: any[]): any;
  execute(query: SQLWrapper | string, mode?: any): any;
  transaction(callback: any, config?: any): any;
}

/** drizzle's class of a driver's databases. */
export type DatabaseClass = new (
  dialect: PgDialect,
  session: any,
  relations: any,
  parseRqbJson?: boolean,
) => AnyDatabase;

/** drizzle's class of a driver's transactions. */
export type TransactionClass = new (
  dialect: PgDialect,
  session: any,
  relations: any,
  nestedIndex: any,
  parseRqbJson: any,
) => AnyDatabase;

/** drizzle's class of a driver's sessions. */
export type SessionClass = new (
  client: any,
  dialect: PgDialect,
  relations: any,
  options: object,
) => AnySession;

/** drizzle's insert into a table. */
export type InsertOf<TTable extends PgTable> = PgAsyncInsertBase<TTable, PgQueryResultHKT>;
