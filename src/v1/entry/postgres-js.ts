/** The composition root for postgres.js: it reads the arguments and makes the database. */
import {
  drizzle,
  PostgresJsDatabase,
  type PostgresJsQueryResultHKT,
  PostgresJsSession,
  PostgresJsTransaction,
} from 'drizzle-orm/postgres-js';
import type { AnyRelations, EmptyRelations } from 'drizzle-orm/relations';
import type { Options, PostgresType, Sql } from 'postgres';
import { type Composition, compose } from '../../entry/compose.ts';
import { PostgresJsDriver } from '../../postgres-js/driver.ts';
import { disableNagle } from '../../postgres-js/no-nagle.ts';
import { serverParameters } from '../../postgres-js/server-parameters.ts';
import { atEndOfTurnIf } from '../../take/schedule.ts';
import { batchedDatabase, type DatabaseOf } from '../database/database.ts';
import { batchedSessions } from '../database/session.ts';
import { batchedTransaction, type TransactionOf } from '../database/transaction.ts';
import { hintTypes } from '../drizzle/param-types.ts';
import type { BatchedDrizzleConfig } from './arguments.ts';

const Database = batchedDatabase(PostgresJsDatabase);

const Transaction = batchedTransaction(PostgresJsTransaction);

/** A `PostgresJsDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export type BatchedDatabase<TRelations extends AnyRelations = EmptyRelations> = DatabaseOf<
  PostgresJsQueryResultHKT,
  TRelations,
  PostgresJsDatabase<TRelations>
>;

/** The class, for `instanceof`. */
export const BatchedDatabase: abstract new (...args: never[]) => object = Database;

/** A `PostgresJsTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export type BatchedTransaction<TRelations extends AnyRelations = EmptyRelations> = TransactionOf<
  PostgresJsQueryResultHKT,
  TRelations
>;

/** The class, for `instanceof`. */
export const BatchedTransaction: abstract new (...args: never[]) => object = Transaction;

type Arguments<TRelations extends AnyRelations, TClient extends Sql> =
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TRelations>]
  | [
      config: BatchedDrizzleConfig<TRelations> &
        (
          | { connection: string | ({ url?: string } & Options<Record<string, PostgresType>>) }
          | { client: TClient }
        ),
    ];

/**
 * drizzle 1.0 on postgres.js that writes the inserts of a transaction in one round trip.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/postgres-js` takes, and a client with a config behind
 * it. It returns the same database, with `flush()`, `load()` and `pending`.
 *
 * The call itself sends no query. Connections that the client opens afterwards send at once, without Nagle's
 * algorithm, unless the client has a `socket` of its own.
 *
 * @param args a client or URL, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option
 * @example
 * const db = batchedDrizzle({ client: postgres(process.env.DATABASE_URL), relations });
 * await db.transaction(async (tx) => {
 *   for (const name of names) tx.insert(users).values({ name });
 * });
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<TRelations extends AnyRelations = EmptyRelations, TClient extends Sql = Sql>(
  ...args: Arguments<TRelations, TClient>
): BatchedDatabase<TRelations> & { $client: TClient } {
  return compose(drizzle, args, composition) as never;
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TRelations extends AnyRelations = EmptyRelations>(
  config: BatchedDrizzleConfig<TRelations> = {},
): BatchedDatabase<TRelations> & { $client: '$client is not available on drizzle.mock()' } =>
  compose(drizzle.mock, [config], composition) as never;

const composition: Composition<object> = {
  sessions: batchedSessions(
    PostgresJsSession,
    ({ dialect, relations }, session, unit) => new Transaction(dialect, session, relations, unit),
  ),
  makeDriver({ client, dialect }, { parameters }) {
    disableNagle(client);
    hintTypes(dialect);
    return new PostgresJsDriver(client, parameters === 'describe', atEndOfTurnIf);
  },
  parametersOf: (client) => serverParameters(client as Sql),
  makeDatabase: ({ dialect, relations }, session, unit) => new Database(dialect, session, relations, unit),
};
