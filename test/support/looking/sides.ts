import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { type BatchOptions, batchedDrizzle } from '../../../src/index.ts';
import type { TestDatabase } from '../test-database.ts';
import type { Side } from './compare-programs.ts';

/** Limits of a batch change which inserts are sent together, and nothing else. */
const limits: readonly BatchOptions[] = [{}, {}, { maxRows: 4 }, { keys: 'client' }, { copyRows: 1 }];

export const plainSide = (database: TestDatabase, role: string): Side => ({
  ...clients(database, role),
  open: (client) => drizzle(client),
});

export const batchedSide = (database: TestDatabase, role: string): Side => ({
  ...clients(database, role),
  open: (client, limit) => batchedDrizzle(client, { batch: limits[limit] ?? {} }),
});

/** Clients of one connection each, so that statements run in the order of their calls on both sides. */
function clients(database: TestDatabase, role: string): Omit<Side, 'open'> {
  const connection = { search_path: 'looking' };
  const heard: string[] = [];
  const listener = database.connect({
    max: 1,
    ...({ onnotify: (_: string, payload: string) => heard.push(payload) } as object),
  });
  return {
    owner: database.connect({ max: 1, connection }),
    role: database.connect({ max: 1, connection: { ...connection, role } as never }),
    test: database.connect({ max: 1 }),
    async notified() {
      // The answer comes behind the notifications of all transactions that have been committed.
      await listener.unsafe('listen looking');
      return heard.splice(0);
    },
  };
}

/** Creates a role that owns nothing. */
export async function createRole(client: Sql, role: string): Promise<void> {
  await client.unsafe(`create role ${role}`);
}

export async function dropRole(clients: readonly Sql[], role: string): Promise<void> {
  for (const client of clients) await client.unsafe(`drop owned by ${role}`);
  await clients[0]?.unsafe(`drop role ${role}`);
}
