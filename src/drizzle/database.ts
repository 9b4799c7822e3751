/** What a database of drizzle's is made of, and the statements it prepares. */
import { is, type Logger, type SQL } from 'drizzle-orm';
import { type Cache, NoopCache } from 'drizzle-orm/cache/core';
import { type PgDialect, PgTransaction, type PgTransactionConfig } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';

/** The parts of a database made by `drizzle()` that sessions are made of. */
export interface DatabaseParts {
  readonly client: Sql;
  readonly dialect: PgDialect;
  /** drizzle's relational configuration, of whatever schema. */
  readonly schema: any;
  readonly options: { logger?: Logger; cache?: Cache };
}

export function partsOf(db: object): DatabaseParts {
  const { session, dialect } = db as any;
  return { client: session.client, dialect, schema: session.schema, options: session.options };
}

/** The logger of a database; drizzle makes one that does nothing where none is given. */
export function loggerOf(db: object): Logger {
  return (db as any).session.logger;
}

/** What stands behind `set transaction`. */
export function transactionModes(config: PgTransactionConfig, dialect: PgDialect): string {
  const modes = (PgTransaction.prototype as any).getTransactionConfigSQL(config) as SQL;
  return dialect.sqlToQuery(modes).sql;
}

/** The cache of a session's options, or nothing where drizzle would not tell it of a mutation. */
export function mutableCache(options: { cache?: Cache }): Cache | undefined {
  return options.cache === undefined || is(options.cache, NoopCache) ? undefined : options.cache;
}

/** A statement that drizzle's builders made tells its tables or maps its rows; what tells neither is raw SQL. */
export function isRawStatement(metadata: unknown, mapper: unknown): boolean {
  return metadata === undefined && mapper === undefined;
}

/** The parameters of a prepared statement, placeholders and late values among them. */
export function paramsOf(prepared: object): readonly unknown[] {
  return (prepared as { params: unknown[] }).params;
}

/** Replaces the parameters of a prepared statement just before it is executed. */
export function replaceParams(prepared: object, replace: (param: unknown) => unknown): void {
  const statement = prepared as { params: unknown[] };
  if (statement.params.some((param) => replace(param) !== param))
    statement.params = statement.params.map(replace);
}

export function dialectOf(owner: object): PgDialect {
  return (owner as any).dialect;
}
