/** The parts of a drizzle database, and the statements that it prepares. */
import { DrizzleQueryError, is, type Logger, type SQL } from 'drizzle-orm';
import { type Cache, NoopCache } from 'drizzle-orm/cache/core';
import type { PgDialect, PgTransactionConfig } from 'drizzle-orm/pg-core';
import { PgAsyncTransaction } from './async-classes.ts';

/** The parts of a database made by `drizzle()` that its sessions need. */
export interface DatabaseParts {
  /** drizzle's client: a pool, or one connection. */
  readonly client: any;
  /** drizzle's own session of the database. */
  readonly session: any;
  readonly dialect: PgDialect;
  /** What `defineRelations()` has made, of any type. */
  readonly relations: any;
  readonly options: { logger?: Logger; cache?: Cache; paramsInErrors?: boolean };
}

/** The dialects of databases whose errors have the parameters of their statement. */
const showingParams = new WeakSet<PgDialect>();

export function partsOf(db: object): DatabaseParts {
  const { session, dialect } = db as any;
  const { client, relations, options } = session;
  if (options.paramsInErrors) showingParams.add(dialect);
  return { client, session, dialect, relations, options };
}

/** Whether a prepared statement asks the cache, and is sent only if the cache has no answer. */
export function asksCache(statement: object): boolean {
  const { cache, cacheConfig, queryMetadata } = statement as any;
  return cache && !is(cache, NoopCache) && cacheConfig?.enabled && queryMetadata?.type === 'select';
}

/** The modes of a transaction as SQL, for `set transaction …`; `undefined` if there are none. */
export function transactionModes(config: PgTransactionConfig): string | undefined {
  const chunks: string[] = (PgAsyncTransaction.prototype as any).getTransactionConfigChunks(config);
  return chunks.length > 0 ? chunks.join(' ') : undefined;
}

/** The statement that comes first in a transaction which imports a snapshot. */
export function snapshotStatement({ snapshot }: PgTransactionConfig): SQL | undefined {
  return typeof snapshot === 'string'
    ? (PgAsyncTransaction.prototype as any).setTransactionSnapshotSQL(snapshot)
    : undefined;
}

/** drizzle notifies the cache of a mutation only if it has succeeded. */
export const notifiesAfterSuccess = true;

/** The parameters of a statement, as far as drizzle's error of it has them. */
export function errorParams(dialect: PgDialect, params: unknown[]): unknown[] | undefined {
  return showingParams.has(dialect) ? params : undefined;
}

/** drizzle's error of a statement without parameters. */
export function failedStatement(text: string, cause: Error): DrizzleQueryError {
  return new DrizzleQueryError(text, undefined, cause);
}

/** A session of the same kind, whose statements are sent by another client object. */
export function sendingBy<T extends object>(session: T, client: unknown): T {
  return Object.create(session, { client: { value: client } });
}

export function clientOf(session: object): unknown {
  return (session as any).client;
}

/** The parameters of a prepared statement, including placeholders and deferred values. */
export function paramsOf(prepared: object): readonly unknown[] {
  return (prepared as any).query.params;
}

/** Replaces the parameters of a prepared statement, just before it is executed. */
export function replaceParams(prepared: object, replace: (param: unknown) => unknown): void {
  const statement = prepared as any;
  const { query } = statement;
  if (query.params.some((param: unknown) => replace(param) !== param))
    statement.query = { ...query, params: query.params.map(replace) };
}
