import { type SQL, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { BatchedDatabase, BatchOptions } from '../../src/index.ts';
import { batchedDrizzle, drizzle } from './drivers/chosen.ts';
import type { Client, ClientOptions } from './drivers/driver.ts';
import { manyEntries } from './many-entries.ts';
import { emptyingAll } from './program-tables.ts';
import type { Relay } from './relay.ts';
import { addresses, events, logs, members, nodes, organizations, teams, users } from './schema.ts';
import type { TestDatabase } from './test-database.ts';

/** A batched and a plain database behind one relay, on separate clients that are already connected. */
export interface Counted {
  readonly relay: Relay;
  readonly db: BatchedDatabase;
  readonly client: Client;
  readonly plain: PostgresJsDatabase;
  /** The round trips and statements of `work`. Those of earlier calls are not counted. */
  count<T>(work: () => Promise<T>): Promise<{ trips: number; statements: readonly string[]; result: T }>;
}

/**
 * Each database has one connection, so that its statements are in one order.
 *
 * @param knowing whether an earlier flush has read the facts of the tables; default true
 */
export async function startCounted(
  database: TestDatabase,
  {
    knowing = true,
    batch = {},
    ...options
  }: ClientOptions & { knowing?: boolean; batch?: BatchOptions } = {},
): Promise<Counted> {
  const relay = await database.relay();
  const connect = (): Client => database.client({ url: relay.url, max: 1, ...options });
  const client = connect();
  const db = batchedDrizzle(client, { batch });
  const plain = drizzle(connect());
  await Promise.all([db, plain].map((each) => each.execute(sql`select 1`)));
  if (knowing) await learnTables(db);
  relay.setDelay(5);
  return {
    relay,
    db,
    client,
    plain,
    async count(work) {
      relay.reset();
      const result = await work();
      return { trips: relay.trips, statements: [...relay.statements], result };
    },
  };
}

/** A flush that is rolled back. Only the known facts of the tables and the advanced sequences remain. */
async function learnTables(db: BatchedDatabase): Promise<void> {
  const enough = new Error('facts learned');
  const learning = db.transaction(async (tx) => {
    // So many entries of a table that they share statements, for which the facts are asked.
    for (let number = 0; number < manyEntries; number++) {
      const name = `known ${number}`;
      const user = tx.insert(users).values({ name });
      tx.insert(addresses).values({ email: name, userId: user.ref('id') });
      const organization = tx.insert(organizations).values({ name });
      const team = tx.insert(teams).values({ name, organizationId: organization.ref('id') });
      tx.insert(members).values({ email: name, teamId: team.ref('id') });
      tx.insert(nodes).values({ label: name });
      tx.insert(events).values({ kind: name });
      tx.insert(logs).values({ level: name, message: name });
    }
    await tx.flush();
    throw enough;
  });
  await learning.catch((error) => {
    if (error !== enough) throw error;
  });
}

/** Empties every table of the schema and restarts its sequences. */
export function emptyTables(): SQL {
  return sql.raw(emptyingAll);
}
