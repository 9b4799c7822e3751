/** drizzle's session, for the database and for a transaction, in which every statement flushes first. */

import type { Query, SQL } from 'drizzle-orm';
import type { PgPreparedQuery, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { PostgresJsSession, type PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Row, RowList, Sql } from 'postgres';
import type { FlushContext } from '../context.ts';
import type { Ahead } from '../driver/driver.ts';
import {
  asksCache,
  type DatabaseParts,
  isRawStatement,
  paramsOf,
  replaceParams,
  sendBy,
  transactionModes,
  wrapSending,
} from '../drizzle/database.ts';
import { isHarmlessSelect } from '../drizzle/harmless-select.ts';
import { paramTypes } from '../drizzle/param-types.ts';
import { writeParts } from '../drizzle/write-parts.ts';
import { resolveDeferred } from '../take/deferred-value.ts';
import { DeferredValue, type Entry } from '../take/entry.ts';
import type { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { runNested, runTransaction } from '../unit-of-work/run-transaction.ts';
import { nothingNamed } from '../unit-of-work/transaction-state.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { canTakeGuard, guardWrite } from '../write/begun.ts';

type Schema = Record<string, unknown>;

/** Makes the transaction object. A parameter, since its class imports the sessions, and not the reverse. */
export type MakeTransaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig> = (
  unit: TransactionUnit,
) => PostgresJsTransaction<TFullSchema, TSchema>;

export class DatabaseSession<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PostgresJsSession<Sql, TFullSchema, TSchema> {
  constructor(
    readonly parts: DatabaseParts,
    readonly unit: DatabaseUnit,
    readonly makeTransaction: MakeTransaction<TFullSchema, TSchema>,
  ) {
    super(parts.client, parts.dialect, parts.schema, parts.options);
  }

  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<PostgresJsSession<Sql, TFullSchema, TSchema>['prepareQuery']>
  ): PgPreparedQuery<T> {
    const prepared = super.prepareQuery(...args) as PgPreparedQuery<T>;
    sendInOneTrip(prepared, args, this.unit.context);
    return prefaced(prepared, (run) => run());
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    const modes = config && transactionModes(config, this.parts.dialect);
    return runTransaction(this.unit.context, (unit) => callback(this.makeTransaction(unit)), modes);
  }
}

export class TransactionSession<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends PostgresJsSession<Sql, TFullSchema, TSchema> {
  private isCounting = false;

  constructor(
    readonly parts: DatabaseParts,
    readonly unit: TransactionUnit,
    readonly makeTransaction: MakeTransaction<TFullSchema, TSchema>,
  ) {
    const { connection, line } = unit.state;
    const client = connection.client({ sent: () => line.sent(), failed: (error) => unit.fail(error) });
    super(client as Sql, parts.dialect, parts.schema, parts.options);
  }

  /**
   * Every statement goes through here, also those of methods that this class does not know. A list of methods
   * could miss one.
   */
  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<PostgresJsSession<Sql, TFullSchema, TSchema>['prepareQuery']>
  ): PgPreparedQuery<T> {
    const [{ sql }, , , , mapper, metadata] = args;
    const isRaw = !this.isCounting && (isRawStatement(metadata, mapper) || /\bset_config\b/i.test(sql));
    const prepared = super.prepareQuery(...args) as PgPreparedQuery<T>;
    sendInOneTrip(prepared, args, this.unit.context);
    if (!asksCache(prepared))
      return prefaced(prepared, (run, named) => this.unit.statement(isRaw, named, run));
    wrapSending(prepared, (send) => this.unit.statement(isRaw, nothingNamed, send));
    return prefaced(prepared, (run, named) => this.unit.beforeStatement(named, run));
  }

  /** drizzle's `count` looks like raw SQL. It prepares its statement synchronously, so the flag is seen. */
  override count(query: SQL): Promise<number> {
    this.isCounting = true;
    try {
      return super.count(query);
    } finally {
      this.isCounting = false;
    }
  }

  override query(query: string, params: unknown[]): Promise<RowList<Row[]>> {
    return this.unit.statement(true, nothingNamed, async () => super.query(query, params));
  }

  override queryObjects<T extends Row>(query: string, params: unknown[]): Promise<RowList<T[]>> {
    return this.unit.statement(true, nothingNamed, async () => super.queryObjects<T>(query, params));
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
  ): Promise<T> {
    return runNested(this.unit, (unit) => callback(this.makeTransaction(unit)));
  }
}

/** Words of statements that may change what a text means: the types of columns, or where names are looked up. */
const changesTypes = /\b(alter|create|drop|set|reset|discard|set_config|do|call)\b/i;

function sendInOneTrip(
  prepared: PgPreparedQuery<PreparedQueryConfig>,
  [query, , , , mapper, metadata]: Parameters<PostgresJsSession<Sql, Schema, never>['prepareQuery']>,
  context: FlushContext,
): void {
  const { driver, options } = context;
  if (options.statements === 'describe') return;
  const statement = { types: paramTypes(query), ahead: () => aheadOfBegin(query, context) };
  sendBy(prepared, (client) => driver.sender(client, statement));
  if (!isRawStatement(metadata, mapper) || !changesTypes.test(query.sql)) return;
  const { execute } = prepared;
  prepared.execute = (...args) => execute.apply(prepared, args).finally(() => driver.forgetTypes());
}

function aheadOfBegin(query: Query, { engine, options }: FlushContext): Ahead | undefined {
  if (isHarmlessSelect(query.sql))
    return { text: query.sql, mark: undefined, ownPosition: (position) => position };
  const parts = options.keys === 'server' && !engine.refusesSettings ? writeParts(query) : undefined;
  return parts && canTakeGuard(parts) ? guardWrite(parts) : undefined;
}

/** Executes a statement when its turn comes, with the values of its references. */
function prefaced<T extends PreparedQueryConfig>(
  prepared: PgPreparedQuery<T>,
  inTurn: (run: () => Promise<T['execute']>, named: ReadonlySet<Entry>) => Promise<T['execute']>,
): PgPreparedQuery<T> {
  const statement = prepared as PgPreparedQuery<T> & { all: PgPreparedQuery<T>['execute'] };
  for (const method of ['execute', 'all'] as const) {
    const execute = statement[method].bind(statement);
    statement[method] = (...args) =>
      inTurn(async () => {
        replaceParams(statement, (param) =>
          param instanceof DeferredValue ? resolveDeferred(param) : param,
        );
        return execute(...args);
      }, entriesNamedBy(statement));
  }
  return prepared;
}

function entriesNamedBy(statement: object): ReadonlySet<Entry> {
  const late = paramsOf(statement).filter((param) => param instanceof DeferredValue);
  return new Set(late.map(({ reference }) => reference.origin.entry));
}
