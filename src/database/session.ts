/** drizzle's session, for the database and for a transaction, in which every statement flushes first. */

import type { SQL } from 'drizzle-orm';
import type { PgPreparedQuery, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { PostgresJsSession, type PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Row, RowList, Sql } from 'postgres';
import {
  asksCache,
  type DatabaseParts,
  isRawStatement,
  paramsOf,
  replaceParams,
  transactionModes,
  wrapSending,
} from '../drizzle/database.ts';
import { isHarmlessSelect } from '../drizzle/harmless-select.ts';
import { readTransactionOptions, type TransactionBatchOptions } from '../options.ts';
import { resolveDeferred } from '../take/deferred-value.ts';
import { DeferredValue, type Entry } from '../take/entry.ts';
import type { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { runNested, runTransaction } from '../unit-of-work/run-transaction.ts';
import { nothingNamed } from '../unit-of-work/transaction-state.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { sendInOneTrip } from './one-trip.ts';

type Schema = Record<string, unknown>;

/** Makes the transaction object. A parameter, since its class imports the sessions, and not the reverse. */
export type MakeTransaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig> = (
  unit: TransactionUnit,
) => PostgresJsTransaction<TFullSchema, TSchema>;

/** drizzle's modes of a transaction, with options of this library's own. */
export interface BatchedTransactionConfig extends PgTransactionConfig {
  /** Options for this transaction alone. */
  batch?: TransactionBatchOptions;
}

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
    const [query, , , , mapper, metadata] = args;
    const prepared = super.prepareQuery(...args) as PgPreparedQuery<T>;
    sendInOneTrip(prepared, query, !isRawStatement(metadata, mapper), this.unit.context);
    return entriesNamedBy(prepared) === nothingNamed ? prepared : prefaced(prepared, (run) => run());
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
    config?: BatchedTransactionConfig,
  ): Promise<T> {
    const { batch, ...rest } = config ?? {};
    const { context } = this.unit;
    const options = readTransactionOptions(batch, context.options);
    const isModal = config !== undefined && !(batch !== undefined && Object.keys(rest).length === 0);
    const modes = isModal ? transactionModes(rest, this.parts.dialect) : undefined;
    const own = options === context.options ? context : { ...context, options };
    return runTransaction(own, (unit) => callback(this.makeTransaction(unit)), modes);
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
    const [query, , , , mapper, metadata] = args;
    const isOfBuilder = !isRawStatement(metadata, mapper);
    const isRaw = !this.isCounting && (!isOfBuilder || /\bset_config\b/i.test(query.sql));
    const reads = this.unit.state.queued !== undefined && isHarmlessSelect(query.sql);
    const effect = isRaw ? 'anything' : reads ? 'reads' : 'writes';
    const prepared = super.prepareQuery(...args) as PgPreparedQuery<T>;
    sendInOneTrip(prepared, query, isOfBuilder, this.unit.context);
    if (!asksCache(prepared))
      return prefaced(prepared, (run, named) => this.unit.statement(effect, named, run));
    wrapSending(prepared, (send) => this.unit.statement(effect, nothingNamed, send));
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
    return this.unit.statement('anything', nothingNamed, async () => super.query(query, params));
  }

  override queryObjects<T extends Row>(query: string, params: unknown[]): Promise<RowList<T[]>> {
    return this.unit.statement('anything', nothingNamed, async () => super.queryObjects<T>(query, params));
  }

  override transaction<T>(
    callback: (tx: PostgresJsTransaction<TFullSchema, TSchema>) => Promise<T>,
  ): Promise<T> {
    return runNested(this.unit, (unit) => callback(this.makeTransaction(unit)));
  }
}

/** Executes a statement when its turn comes, with the values of its references. */
function prefaced<T extends PreparedQueryConfig>(
  prepared: PgPreparedQuery<T>,
  inTurn: (run: () => Promise<T['execute']>, named: ReadonlySet<Entry>) => Promise<T['execute']>,
): PgPreparedQuery<T> {
  const statement = prepared as PgPreparedQuery<T> & { all: PgPreparedQuery<T>['execute'] };
  const named = entriesNamedBy(statement);
  for (const method of ['execute', 'all'] as const) {
    const execute = statement[method];
    statement[method] = (...args) =>
      inTurn(
        named === nothingNamed
          ? () => execute.apply(statement, args)
          : async () => {
              resolveReferences(statement);
              return execute.apply(statement, args);
            },
        named,
      );
  }
  return prepared;
}

/** The entries that a statement refers to; `nothingNamed` itself if there is none. */
function entriesNamedBy(statement: object): ReadonlySet<Entry> {
  const params = paramsOf(statement);
  if (!params.some(isDeferred)) return nothingNamed;
  return new Set(params.filter(isDeferred).map(({ reference }) => reference.origin.entry));
}

function resolveReferences(statement: object): void {
  replaceParams(statement, (param) => (isDeferred(param) ? resolveDeferred(param) : param));
}

function isDeferred(param: unknown): param is DeferredValue {
  return param instanceof DeferredValue;
}
