import type { Sql } from 'postgres';
import type { BatchedInsert } from '../../../src/index.ts';
import { batchedDrizzle, driver } from '../drivers/chosen.ts';
import type { TestDatabase } from '../test-database.ts';
import { applicationName, type Side } from './compare-programs.ts';
import { limits } from './limits.ts';
import type { LookingTable } from './tables.ts';

export const plainSide = (database: TestDatabase, role: string): Side => ({
  ...side(database, role),
  open: (client) => driver.reference(client),
});

export const batchedSide = (database: TestDatabase, role: string): Side => ({
  ...side(database, role),
  open: (client, limit) => batchedDrizzle(client, { batch: limits[limit] ?? {} }),
  refer: (insert) => (insert as BatchedInsert<LookingTable, never>).ref('id' as never),
});

function side(database: TestDatabase, role: string): Omit<Side, 'open'> {
  const notified: string[] = [];
  const onnotify = (_channel: string, payload: string) => notified.push(payload);
  const listener = database.connect({ max: 1, ...({ onnotify } as object) });
  const keeper = database.connect({ max: 1 });
  return {
    test: database.connect({ max: 1 }),
    async keepVersions() {
      // What its snapshot could still see is not removed.
      await keeper.unsafe('begin isolation level repeatable read; select 1');
      return () => keeper.unsafe('rollback');
    },
    connect(byRole) {
      const connection = {
        application_name: applicationName,
        search_path: 'looking',
        ...(byRole && { role }),
      };
      return driver.connect(database.url, { max: 1, connection });
    },
    async notified() {
      // The answer comes after the notifications of all transactions that have been committed.
      await listener.unsafe('listen looking');
      return notified.splice(0);
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
