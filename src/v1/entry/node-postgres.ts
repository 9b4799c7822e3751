/** The composition root for node-postgres: it reads the arguments and makes the database. */
import {
  drizzle,
  type NodePgClient,
  NodePgDatabase,
  type NodePgQueryResultHKT,
  NodePgSession,
  NodePgTransaction,
} from 'drizzle-orm/node-postgres';
import type { AnyRelations, EmptyRelations } from 'drizzle-orm/relations';
import type { Pool, PoolConfig } from 'pg';
import { type Composition, compose } from '../../entry/compose.ts';
import { NodePostgresDriver } from '../../node-postgres/driver.ts';
import { framing } from '../../node-postgres/framing.ts';
import { serverParameters } from '../../node-postgres/server-parameters.ts';
import { behindEndOfTurnIf } from '../../take/schedule.ts';
import { batchedDatabase, type DatabaseOf } from '../database/database.ts';
import { batchedSessions } from '../database/session.ts';
import { batchedTransaction, type TransactionOf } from '../database/transaction.ts';
import { parsersOf } from '../drizzle/pg-types.ts';
import type { BatchedDrizzleConfig } from './arguments.ts';

const Database = batchedDatabase(NodePgDatabase);

const Transaction = batchedTransaction(NodePgTransaction);

/** A `NodePgDatabase` whose inserts are queued and written in batches. Make one with `batchedDrizzle()`. */
export type BatchedDatabase<TRelations extends AnyRelations = EmptyRelations> = DatabaseOf<
  NodePgQueryResultHKT,
  TRelations,
  NodePgDatabase<TRelations>
>;

/** The class, for `instanceof`. */
export const BatchedDatabase: abstract new (...args: never[]) => object = Database;

/** A `NodePgTransaction` whose inserts are queued. Every other statement flushes the queue first. */
export type BatchedTransaction<TRelations extends AnyRelations = EmptyRelations> = TransactionOf<
  NodePgQueryResultHKT,
  TRelations
>;

/** The class, for `instanceof`. */
export const BatchedTransaction: abstract new (...args: never[]) => object = Transaction;

type Arguments<TRelations extends AnyRelations, TClient extends NodePgClient> =
  | [client: TClient | string]
  | [client: TClient | string, config: BatchedDrizzleConfig<TRelations>]
  | [config: BatchedDrizzleConfig<TRelations> & ({ client: TClient } | { connection: string | PoolConfig })];

/** As drizzle's own function has it: a pool, unless a client of another kind was given. */
type ClientOf<TClient extends NodePgClient> = NodePgClient extends TClient ? Pool : TClient;

/**
 * drizzle 1.0 on node-postgres that writes the inserts of a transaction in one round trip.
 *
 * It takes every form of argument that `drizzle()` of `drizzle-orm/node-postgres` takes, and a client with a config behind
 * it. It returns the same database, with `flush()`, `load()` and `pending`.
 *
 * The call itself sends no query.
 *
 * @param args a client or URL, then drizzle's config with `batch`; or that config alone, with `connection` or
 *   `client`
 * @throws {BatchedDrizzleError} `BAD_OPTION` for an unknown or impossible `batch` option; `UNSUPPORTED_CLIENT` for
 *   pg-native, and at the first statement for pg before 8.2
 * @example
 * const db = batchedDrizzle({ client: new Pool({ connectionString: process.env.DATABASE_URL }), relations });
 * await db.transaction(async (tx) => {
 *   for (const name of names) tx.insert(users).values({ name });
 * });
 * // begin; select set_config(…); insert into "users" ("name") select u.c1 from unnest($1::text[]) …; commit
 */
export function batchedDrizzle<
  TRelations extends AnyRelations = EmptyRelations,
  TClient extends NodePgClient = Pool,
>(...args: Arguments<TRelations, TClient>): BatchedDatabase<TRelations> & { $client: ClientOf<TClient> } {
  return compose(drizzle, args, composition) as never;
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TRelations extends AnyRelations = EmptyRelations>(
  config: BatchedDrizzleConfig<TRelations> = {},
): BatchedDatabase<TRelations> & { $client: '$client is not available on drizzle.mock()' } =>
  compose(drizzle.mock, [config], composition) as never;

const composition: Composition<object> = {
  sessions: batchedSessions(
    NodePgSession,
    ({ dialect, relations }, session, unit) => new Transaction(dialect, session, relations, unit),
  ),
  makeDriver: ({ client, session }) =>
    new NodePostgresDriver(client, { framing, types: parsersOf(session), behindEndOfTurnIf }),
  parametersOf: (client) => serverParameters(client as never),
  makeDatabase: ({ dialect, relations }, session, unit) => new Database(dialect, session, relations, unit),
};
