/** The composition root for PGlite: it reads the arguments and makes the database. */
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { drizzle, PgliteDatabase, PgliteSession, PgliteTransaction } from 'drizzle-orm/pglite';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import { batchedDatabase } from '#version/database/database';
import { batchedSessions } from '#version/database/session';
import { batchedTransaction } from '#version/database/transaction';
import type { Schema } from '#version/drizzle/classes';
import type { BatchedDrizzleConfig } from '#version/entry/arguments';
import { isTransaction } from '../pglite/client.ts';
import { PgliteDriver } from '../pglite/driver.ts';
import { GivenTransactionDriver } from '../pglite/given-transaction.ts';
import { type Composition, compose } from './compose.ts';

/** A `PgliteDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export class BatchedDatabase<TSchema extends Schema = Record<string, never>> extends batchedDatabase(
  PgliteDatabase,
)<TSchema> {}

/** A `PgliteTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export class BatchedTransaction<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends batchedTransaction(PgliteTransaction)<TFullSchema, TSchema> {}

type Arguments<TSchema extends Schema, TClient extends PGlite> =
  | []
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TSchema>]
  | [
      config: BatchedDrizzleConfig<TSchema> &
        ({ connection?: (PGliteOptions & { dataDir?: string }) | string } | { client: TClient }),
    ];

/**
 * drizzle on PGlite that writes the inserts of a transaction, or of a turn, by few statements.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/pglite` takes. It returns the same database, with
 * `flush()`, `load()` and `pending`.
 *
 * @param args a client or a data directory, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`; or nothing, for a new database in memory
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option
 * @example
 * const db = batchedDrizzle(new PGlite(), { schema });
 * await Promise.all(names.map((name) => db.insert(users).values({ name })));
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<
  TSchema extends Schema = Record<string, never>,
  TClient extends PGlite = PGlite,
>(...args: Arguments<TSchema, TClient>): BatchedDatabase<TSchema> & { $client: TClient } {
  return compose(drizzle, args, composition) as never;
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TSchema extends Schema = Record<string, never>>(
  config: BatchedDrizzleConfig<TSchema> = {},
): BatchedDatabase<TSchema> & { $client: '$client is not available on drizzle.mock()' } =>
  compose(drizzle.mock, [config], composition) as never;

const composition: Composition<BatchedDatabase> = {
  sessions: batchedSessions(
    PgliteSession,
    ({ dialect, schema }, session, unit) => new BatchedTransaction(dialect, session, schema, unit),
  ),
  makeDriver: ({ client }) =>
    isTransaction(client) ? new GivenTransactionDriver(client) : new PgliteDriver(client),
  // A transaction object takes none.
  takesCopy: (client) => !isTransaction(client),
  // The server is PostgreSQL, and there is no pooler.
  parametersOf: () => ({}),
  makeDatabase: ({ dialect, schema }, session, unit) => new BatchedDatabase(dialect, session, schema, unit),
};
