/** The composition root for postgres.js: it reads the arguments and makes the database. */
import {
  drizzle,
  PostgresJsDatabase,
  PostgresJsSession,
  PostgresJsTransaction,
} from 'drizzle-orm/postgres-js';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Options, PostgresType, Sql } from 'postgres';
import { batchedDatabase } from '../database/database.ts';
import { batchedSessions } from '../database/session.ts';
import { batchedTransaction } from '../database/transaction.ts';
import type { Schema } from '../drizzle/classes.ts';
import { hintTypes } from '../drizzle/param-types.ts';
import { PostgresJsDriver } from '../postgres-js/driver.ts';
import { disableNagle } from '../postgres-js/no-nagle.ts';
import { serverParameters } from '../postgres-js/server-parameters.ts';
import { atEndOfTurnIf } from '../take/schedule.ts';
import type { BatchedDrizzleConfig } from './arguments.ts';
import { type Composition, compose } from './compose.ts';

/** A `PostgresJsDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export class BatchedDatabase<TSchema extends Schema = Record<string, never>> extends batchedDatabase(
  PostgresJsDatabase,
)<TSchema> {}

/** A `PostgresJsTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export class BatchedTransaction<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends batchedTransaction(PostgresJsTransaction)<TFullSchema, TSchema> {}

type Arguments<TSchema extends Schema, TClient extends Sql> =
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TSchema>]
  | [
      config: BatchedDrizzleConfig<TSchema> &
        (
          | { connection: string | ({ url?: string } & Options<Record<string, PostgresType>>) }
          | { client: TClient }
        ),
    ];

/**
 * drizzle on postgres.js that writes the inserts of a transaction in one round trip.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/postgres-js` takes. It returns the same
 * database, with `flush()`, `load()` and `pending`.
 *
 * The call itself sends no query. Connections that the client opens afterwards send at once, without Nagle's
 * algorithm, unless the client has a `socket` of its own.
 *
 * @param args a client or URL, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option
 * @example
 * const db = batchedDrizzle(postgres(process.env.DATABASE_URL), { schema });
 * await db.transaction(async (tx) => {
 *   for (const name of names) tx.insert(users).values({ name });
 * });
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<TSchema extends Schema = Record<string, never>, TClient extends Sql = Sql>(
  ...args: Arguments<TSchema, TClient>
): BatchedDatabase<TSchema> & { $client: TClient } {
  return compose(drizzle, args, composition) as never;
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TSchema extends Schema = Record<string, never>>(
  config: BatchedDrizzleConfig<TSchema> = {},
): BatchedDatabase<TSchema> & { $client: '$client is not available on drizzle.mock()' } =>
  compose(drizzle.mock, [config], composition) as never;

const composition: Composition<BatchedDatabase> = {
  sessions: batchedSessions(
    PostgresJsSession,
    ({ dialect, schema }, session, unit) => new BatchedTransaction(dialect, session, schema, unit),
  ),
  makeDriver({ client, dialect }, { parameters }) {
    disableNagle(client);
    hintTypes(dialect);
    return new PostgresJsDriver(client, parameters === 'describe', atEndOfTurnIf);
  },
  parametersOf: (client) => serverParameters(client as Sql),
  makeDatabase: ({ dialect, schema }, session, unit) => new BatchedDatabase(dialect, session, schema, unit),
};
