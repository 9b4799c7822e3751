/** The composition root: it reads the arguments and makes the database. Only this file names a driver. */

import type { DrizzleConfig } from 'drizzle-orm';
import type { Options, PostgresType, Sql } from 'postgres';
import { BatchedDatabase } from './database/database.ts';
import { DatabaseSession } from './database/session.ts';
import { makeTransaction } from './database/transaction.ts';
import { type DatabaseParts, loggerOf, mutableCache, partsOf } from './drizzle/database.ts';
import { drizzle } from './drizzle/exports.ts';
import { hintTypes } from './drizzle/param-types.ts';
import { noteWriteParts } from './drizzle/write-parts.ts';
import { Engine } from './facts/engine.ts';
import type { FactsCache } from './facts/table-facts.ts';
import { getOrInsert } from './get-or-insert.ts';
import { type BatchOptions, readBatchOptions } from './options.ts';
import { PostgresJsDriver } from './postgres-js/driver.ts';
import { disableNagle } from './postgres-js/no-nagle.ts';
import { serverParameters } from './postgres-js/server-parameters.ts';
import { atEndOfTurnIf } from './take/schedule.ts';
import { DatabaseUnit } from './unit-of-work/database-unit.ts';

type Schema = Record<string, unknown>;

/** drizzle's own config, with the options of this library under `batch`. */
export interface BatchedDrizzleConfig<TSchema extends Schema = Record<string, never>>
  extends DrizzleConfig<TSchema> {
  batch?: BatchOptions;
}

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
  const { plain, batch } = splitArguments<TSchema, TClient>(args);
  const options = readBatchOptions(batch);
  const db = drizzle<TSchema, TClient>(...plain);
  return batched(db, options) as BatchedDatabase<TSchema> & { $client: TClient };
}

/** A database without a client, like `drizzle.mock()`: for tests that send nothing. */
batchedDrizzle.mock = <TSchema extends Schema = Record<string, never>>(
  config: BatchedDrizzleConfig<TSchema> = {},
): BatchedDatabase<TSchema> & { $client: '$client is not available on drizzle.mock()' } => {
  const { batch, ...plain } = config;
  const db = drizzle.mock<TSchema>(plain);
  return batched(db, readBatchOptions(batch)) as ReturnType<typeof batchedDrizzle.mock<TSchema>>;
};

type PlainArguments<TSchema extends Schema, TClient extends Sql> = Parameters<
  typeof drizzle<TSchema, TClient>
>;

/** drizzle must not see `batch`, which may be in the first argument or in the second. */
function splitArguments<TSchema extends Schema, TClient extends Sql>(
  args: Arguments<TSchema, TClient>,
): { plain: PlainArguments<TSchema, TClient>; batch: unknown } {
  const position = args.findIndex(
    (arg) => typeof arg === 'object' && arg !== null && Object.hasOwn(arg, 'batch'),
  );
  if (position === -1) return { plain: args as PlainArguments<TSchema, TClient>, batch: undefined };
  const { batch, ...config } = args[position] as BatchedDrizzleConfig<TSchema>;
  return { plain: args.with(position, config as never) as PlainArguments<TSchema, TClient>, batch };
}

/** By client and not by database: databases on the same client talk to the same server. */
const knowledge = new WeakMap<Sql, { readonly facts: FactsCache; readonly engine: Engine }>();

function knowledgeOf(client: Sql): { readonly facts: FactsCache; readonly engine: Engine } {
  return getOrInsert(knowledge, client, () => ({
    facts: new WeakMap(),
    engine: new Engine(serverParameters(client)),
  }));
}

function batched<TSchema extends Schema>(
  db: ReturnType<typeof drizzle.mock<TSchema>> | ReturnType<typeof drizzle<TSchema>>,
  options: Required<BatchOptions>,
): BatchedDatabase<TSchema> {
  const parts: DatabaseParts = partsOf(db);
  disableNagle(parts.client);
  hintTypes(parts.dialect);
  noteWriteParts(parts.dialect);
  const unit = new DatabaseUnit({
    driver: new PostgresJsDriver(parts.client, options.parameters === 'describe', atEndOfTurnIf),
    dialect: parts.dialect,
    logger: loggerOf(db),
    cache: mutableCache(parts.options),
    options,
    ...knowledgeOf(parts.client),
  });
  const session = new DatabaseSession<TSchema, never>(parts, unit, (tx) => makeTransaction(parts, tx));
  const result = new BatchedDatabase<TSchema>(parts.dialect, session as never, parts.schema, unit);
  return Object.assign(result, { $client: db.$client, $cache: db.$cache });
}
