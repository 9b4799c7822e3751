/** The composition root for node-postgres: it reads the arguments and makes the database. */
import {
  drizzle,
  type NodePgClient,
  NodePgDatabase,
  NodePgSession,
  NodePgTransaction,
} from 'drizzle-orm/node-postgres';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import type { Pool, PoolConfig } from 'pg';
import { batchedDatabase } from '../database/database.ts';
import { batchedSessions } from '../database/session.ts';
import { batchedTransaction } from '../database/transaction.ts';
import type { Schema } from '../drizzle/classes.ts';
import { parsersOf } from '../drizzle/pg-types.ts';
import { NodePostgresDriver } from '../node-postgres/driver.ts';
import { framing } from '../node-postgres/framing.ts';
import { serverParameters } from '../node-postgres/server-parameters.ts';
import { behindEndOfTurnIf } from '../take/schedule.ts';
import type { BatchedDrizzleConfig } from './arguments.ts';
import { type Composition, compose } from './compose.ts';

/** A `NodePgDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export class BatchedDatabase<TSchema extends Schema = Record<string, never>> extends batchedDatabase(
  NodePgDatabase,
)<TSchema> {}

/** A `NodePgTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export class BatchedTransaction<
  TFullSchema extends Schema,
  TSchema extends TablesRelationalConfig,
> extends batchedTransaction(NodePgTransaction)<TFullSchema, TSchema> {}

type Arguments<TSchema extends Schema, TClient extends NodePgClient> =
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TSchema>]
  | [config: BatchedDrizzleConfig<TSchema> & ({ client: TClient } | { connection: string | PoolConfig })];

/** As drizzle's own function has it: a pool, unless a client of another kind was given. */
type ClientOf<TClient extends NodePgClient> = NodePgClient extends TClient ? Pool : TClient;

/**
 * drizzle on node-postgres that writes the inserts of a transaction in one round trip.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/node-postgres` takes. It returns the same
 * database, with `flush()`, `load()` and `pending`. The call itself sends no query.
 *
 * @param args a pool, client or URL, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option; `UNSUPPORTED_CLIENT` for
 *   pg-native, and at the first statement for pg before 8.2
 * @example
 * const db = batchedDrizzle(new Pool({ connectionString: process.env.DATABASE_URL }), { schema });
 * await db.transaction(async (tx) => {
 *   for (const name of names) tx.insert(users).values({ name });
 * });
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<
  TSchema extends Schema = Record<string, never>,
  TClient extends NodePgClient = Pool,
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
    NodePgSession,
    ({ dialect, schema }, session, unit) => new BatchedTransaction(dialect, session, schema, unit),
  ),
  makeDriver: ({ client, session }) =>
    new NodePostgresDriver(client, { framing, types: parsersOf(session), behindEndOfTurnIf }),
  parametersOf: (client) => serverParameters(client as never),
  makeDatabase: ({ dialect, schema }, session, unit) => new BatchedDatabase(dialect, session, schema, unit),
};
