/** drizzle's session, twice: for the database, and for a transaction, whose every statement flushes first. */
import type { PgPreparedQuery, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { PostgresJsSession, type PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Row, RowList, Sql } from 'postgres';
import type { DatabaseUnit } from './database-unit.ts';
import { type DatabaseParts, isRawStatement, replaceParams } from './drizzle-facts.ts';
import { LateValue } from './reference.ts';
import { runNested, runTransaction } from './transaction.ts';
import type { TransactionUnit } from './transaction-unit.ts';

type Schema = Record<string, unknown>;

export class DatabaseSession<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PostgresJsSession<Sql, TFullSchema, TSchema> {
  constructor(
    readonly parts: DatabaseParts,
    readonly unit: DatabaseUnit,
  ) {
    super(parts.client, parts.dialect, parts.schema, parts.options);
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return runTransaction(this.parts, this.unit.context, callback, config);
  }
}

export class TransactionSession<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PostgresJsSession<Sql, TFullSchema, TSchema> {
  constructor(
    readonly parts: DatabaseParts,
    readonly unit: TransactionUnit,
  ) {
    const client = unit.state.connection.client((error) => unit.fail(error)) as Sql;
    super(client, parts.dialect, parts.schema, parts.options);
  }

  /** What the wrapper does not know flushes first: a list of methods kept by hand would forget one. */
  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<PostgresJsSession<Sql, TFullSchema, TSchema>['prepareQuery']>
  ): PgPreparedQuery<T> {
    const prepared = super.prepareQuery(...args) as PgPreparedQuery<T> & {
      all: PgPreparedQuery<T>['execute'];
    };
    const [, , , , mapper, metadata] = args;
    const isRaw = isRawStatement(metadata, mapper);
    prepared.execute = this.flushingFirst(isRaw, prepared, prepared.execute);
    prepared.all = this.flushingFirst(isRaw, prepared, prepared.all);
    return prepared;
  }

  override async query(query: string, params: unknown[]): Promise<RowList<Row[]>> {
    await this.unit.beforeStatement();
    this.unit.noteStatement(true);
    return super.query(query, params);
  }

  override async queryObjects<T extends Row>(query: string, params: unknown[]): Promise<RowList<T[]>> {
    await this.unit.beforeStatement();
    this.unit.noteStatement(true);
    return super.queryObjects<T>(query, params);
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
  ): Promise<T> {
    return runNested(this.parts, this.unit, callback);
  }

  private flushingFirst<Args extends unknown[], T>(
    isRaw: boolean,
    prepared: object,
    execute: (...args: Args) => Promise<T>,
  ): (...args: Args) => Promise<T> {
    return async (...args) => {
      const flushed = this.unit.beforeStatement();
      // Awaiting nothing would let an insert that is made later in this turn overtake the statement.
      if (flushed) await flushed;
      this.unit.noteStatement(isRaw);
      replaceParams(prepared, (param) => (param instanceof LateValue ? param.resolve() : param));
      return execute.apply(prepared, args);
    };
  }
}
