/** What a program finds that has loaded both builds of the library: by `import`, and by a dependency of CommonJS. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { BatchedDatabase, FlushMessage } from 'batched-drizzle';
import { eq } from 'drizzle-orm';
import * as core from 'drizzle-orm/pg-core';

const require = createRequire(import.meta.url);
const requiredCore: typeof core = require('drizzle-orm/pg-core');

const usersOf = ({ pgTable, integer, varchar }: typeof core) =>
  pgTable('users', {
    id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
    name: varchar('name').unique(),
  });
const users = usersOf(core);

/** The database of each build. Both are on one client, which has one connection. */
export type Both = readonly [imported: BatchedDatabase, required: BatchedDatabase];

/**
 * @param prefix the names of its users begin with it
 * @param end ends the client; then rows are queued that nobody writes
 */
export async function both([first, second]: Both, prefix: string, end: () => Promise<void>) {
  const flushes: number[] = [];
  diagnosticsChannel.subscribe('batched-drizzle:flush', (message) => {
    const { event, id } = message as FlushMessage;
    if (event === 'start') flushes.push(id);
  });

  /** Each transaction has the one connection of the client in its turn. */
  const inTurn = await Promise.all(
    [first, second, first, second].map((db, index) =>
      db.transaction(async (tx) => {
        const [user] = await tx
          .insert(users)
          .values({ name: `${prefix}turn ${index}` })
          .returning();
        const found = await tx
          .select()
          .from(users)
          .where(eq(users.id, user?.id ?? 0));
        return found[0]?.name;
      }),
    ),
  );

  /** Tables of the other copy of drizzle. */
  const others = await Promise.all(
    [first, second].map((db, index) => {
      const table = usersOf(index === 0 ? requiredCore : core);
      const names = Array.from({ length: 40 }, (_, row) => `${prefix}other ${index} ${row}`);
      return db.transaction((tx) =>
        Promise.all(
          names.map((name) =>
            tx.insert(table).values({ name }).returning({ id: table.id, name: table.name }),
          ),
        ),
      );
    }),
  );

  await end();
  first.insert(users).values({ name: 'left' });
  second.insert(users).values([{ name: 'left' }, { name: 'left, too' }]);
  return {
    isTwice: first.constructor !== second.constructor,
    inTurn,
    others: others.map((rows) => rows.flat().map(({ name }) => name)),
    flushes: { count: flushes.length, different: new Set(flushes).size },
  };
}
