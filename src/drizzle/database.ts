/** The parts of a drizzle database, and the statements that it prepares. */
import { DrizzleQueryError, is, type Logger, type SQL } from 'drizzle-orm';
import { type Cache, NoopCache } from 'drizzle-orm/cache/core';
import type { PgDialect, PgTransactionConfig } from 'drizzle-orm/pg-core';
import { PgTransaction } from './transaction-class.ts';

/** The parts of a database made by `drizzle()` that its sessions need. */
export interface DatabaseParts {
  /** drizzle's client: a pool, or one connection. */
  readonly client: any;
  /** drizzle's own session of the database. */
  readonly session: any;
  readonly dialect: PgDialect;
  /** drizzle's relational configuration of the schema, of any type. */
  readonly schema: any;
  readonly options: { logger?: Logger; cache?: Cache };
}

export function partsOf(db: object): DatabaseParts {
  const { session, dialect } = db as any;
  return { client: session.client, session, dialect, schema: session.schema, options: session.options };
}

/** Whether a prepared statement asks the cache, and is sent only if the cache has no answer. */
export function asksCache(statement: object): boolean {
  const { cache, cacheConfig, queryMetadata } = statement as any;
  return cache && !is(cache, NoopCache) && cacheConfig?.enable && queryMetadata?.type === 'select';
}

/** The modes of a transaction as SQL, for `set transaction …`. */
export function transactionModes(config: PgTransactionConfig, dialect: PgDialect): string {
  const modes = (PgTransaction.prototype as any).getTransactionConfigSQL(config) as SQL;
  return dialect.sqlToQuery(modes).sql;
}

/** drizzle notifies the cache of a mutation while it executes, and not after it has succeeded. */
export const notifiesAfterSuccess = false;

/** The parameters of a statement, as far as drizzle's error of it has them. */
export function errorParams(_dialect: PgDialect, params: unknown[]): unknown[] {
  return params;
}

/** drizzle's error of a statement without parameters. */
export function failedStatement(text: string, cause: Error): DrizzleQueryError {
  return new DrizzleQueryError(text, [], cause);
}

/** Has a prepared statement sent by another client object. */
export function sendBy(prepared: object, wrap: (client: unknown) => unknown): void {
  const statement = prepared as { client: unknown };
  statement.client = wrap(statement.client);
}

/** The parameters of a prepared statement, including placeholders and deferred values. */
export function paramsOf(prepared: object): readonly unknown[] {
  return (prepared as { params: unknown[] }).params;
}

/** Replaces the parameters of a prepared statement, just before it is executed. */
export function replaceParams(prepared: object, replace: (param: unknown) => unknown): void {
  const statement = prepared as { params: unknown[] };
  if (statement.params.some((param) => replace(param) !== param))
    statement.params = statement.params.map(replace);
}
