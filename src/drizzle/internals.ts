/** What no version of drizzle exports, and every version has in the same place. */
import { is, type Logger } from 'drizzle-orm';
import { type Cache, NoopCache } from 'drizzle-orm/cache/core';
import type { PgDialect } from 'drizzle-orm/pg-core';

/** Wraps the part of a prepared statement that sends it. */
export function wrapSending(statement: object, wrap: <T>(send: () => Promise<T>) => Promise<T>): void {
  const target = statement as any;
  const { queryWithCache } = target;
  target.queryWithCache = (query: string, params: unknown[], send: () => Promise<unknown>) =>
    queryWithCache.call(target, query, params, () => wrap(send));
}

/** The logger of a database. Without one in the config drizzle makes one that does nothing. */
export function loggerOf(db: object): Logger {
  return (db as any).session.logger;
}

/** The cache that a mutation must be reported to. `undefined` if drizzle would report to none. */
export function mutableCache(options: { cache?: Cache }): Cache | undefined {
  return options.cache === undefined || is(options.cache, NoopCache) ? undefined : options.cache;
}

/** A statement of drizzle's builders has metadata or a mapper. One without both is raw SQL. */
export function isRawStatement(metadata: unknown, mapper: unknown): boolean {
  return metadata === undefined && mapper === undefined;
}

export function dialectOf(owner: object): PgDialect {
  return (owner as any).dialect;
}
