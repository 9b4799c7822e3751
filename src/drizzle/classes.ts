/** drizzle's classes of a driver, as far as they are alike. */
import type {
  PgDatabase,
  PgDialect,
  PgInsertBase,
  PgPreparedQuery,
  PgQueryResultHKT,
  PgSession,
  PgTable,
  PgTransaction,
  PgTransactionConfig,
  PreparedQueryConfig,
} from 'drizzle-orm/pg-core';
import type {
  ExtractTablesWithRelations,
  RelationalSchemaConfig,
  TablesRelationalConfig,
} from 'drizzle-orm/relations';

export type Schema = Record<string, unknown>;

/** A session of any driver. */
export interface AnySession extends PgSession<any, any, any> {
  prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<PgSession['prepareQuery']>
  ): PgPreparedQuery<T>;
  transaction<T>(
    callback: (tx: PgTransaction<any, any, any>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T>;
}

/** drizzle's class of a driver's databases. */
export type DatabaseClass<TQueryResult extends PgQueryResultHKT> = new <TSchema extends Schema>(
  dialect: PgDialect,
  session: any,
  schema: RelationalSchemaConfig<ExtractTablesWithRelations<TSchema>> | undefined,
) => PgDatabase<TQueryResult, TSchema>;

/** drizzle's class of a driver's transactions. */
export type TransactionClass<TQueryResult extends PgQueryResultHKT> = new <
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
>(
  dialect: PgDialect,
  session: any,
  schema: RelationalSchemaConfig<TSchema> | undefined,
  nestedIndex: number,
) => PgTransaction<TQueryResult, TFullSchema, TSchema>;

/** drizzle's class of a driver's sessions. */
export type SessionClass = new (client: any, dialect: PgDialect, schema: any, options: object) => AnySession;

/** drizzle's insert into a table. */
export type InsertOf<TTable extends PgTable> = PgInsertBase<TTable, PgQueryResultHKT>;
