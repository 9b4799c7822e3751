/** The composition root for Neon's driver over WebSockets: it reads the arguments and makes the database. */
import type { Pool, PoolConfig } from '@neondatabase/serverless';
import {
  drizzle,
  type NeonClient,
  NeonDatabase,
  NeonSession,
  NeonTransaction,
} from 'drizzle-orm/neon-serverless';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import { batchedDatabase } from '#version/database/database';
import { batchedSessions } from '#version/database/session';
import { batchedTransaction } from '#version/database/transaction';
import type { Schema } from '#version/drizzle/classes';
import { parsersOf } from '#version/drizzle/pg-types';
import type { BatchedDrizzleConfig } from '#version/entry/arguments';
import { NodePostgresDriver } from '../node-postgres/driver.ts';
import { neonFraming } from '../node-postgres/framing.ts';
import { serverParameters } from '../node-postgres/server-parameters.ts';
import { behindEndOfTurnIf } from '../take/schedule.ts';
import { type Composition, compose } from './compose.ts';

/** A `NeonDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export class BatchedDatabase<TSchema extends Schema = Record<string, never>> extends batchedDatabase(
  NeonDatabase,
)<TSchema> {}

/** A `NeonTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export class BatchedTransaction<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends batchedTransaction(NeonTransaction)<TFullSchema, TSchema> {}

type Arguments<TSchema extends Schema, TClient extends NeonClient> =
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TSchema>]
  | [
      config: BatchedDrizzleConfig<TSchema> &
        ({ client: TClient } | { connection: string | PoolConfig }) & { ws?: unknown },
    ];

/** As drizzle's own function has it: a pool, unless a client of another kind was given. */
type ClientOf<TClient extends NeonClient> = NeonClient extends TClient ? Pool : TClient;

/**
 * drizzle on Neon's serverless driver, over WebSockets, that writes the inserts of a transaction in one round trip.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/neon-serverless` takes. It returns the same
 * database, with `flush()`, `load()` and `pending`. The call itself sends no query.
 *
 * @param args a pool, client or URL, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option
 * @example
 * const db = batchedDrizzle(new Pool({ connectionString: process.env.DATABASE_URL }), { schema });
 * await db.transaction(async (tx) => {
 *   for (const name of names) tx.insert(users).values({ name });
 * });
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<
  TSchema extends Schema = Record<string, never>,
  TClient extends NeonClient = Pool,
>(...args: Arguments<TSchema, TClient>): BatchedDatabase<TSchema> & { $client: ClientOf<TClient> } {
  return compose(drizzle, args, composition) as never;
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TSchema extends Schema = Record<string, never>>(
  config: BatchedDrizzleConfig<TSchema> = {},
): BatchedDatabase<TSchema> & { $client: '$client is not available on drizzle.mock()' } =>
  compose(drizzle.mock, [config], composition) as never;

const composition: Composition<BatchedDatabase> = {
  sessions: batchedSessions(
    NeonSession,
    ({ dialect, schema }, session, unit) => new BatchedTransaction(dialect, session, schema, unit),
  ),
  makeDriver: ({ client, session }) =>
    new NodePostgresDriver(client, { framing: neonFraming, types: parsersOf(session), behindEndOfTurnIf }),
  parametersOf: (client) => serverParameters(client as never),
  makeDatabase: ({ dialect, schema }, session, unit) => new BatchedDatabase(dialect, session, schema, unit),
};
