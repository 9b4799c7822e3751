/** A program that loads both builds of the library, on one client: by `import`, and by a dependency of CommonJS. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { FlushMessage } from 'batched-drizzle';
import * as imported from 'batched-drizzle';
import { eq } from 'drizzle-orm';
import * as core from 'drizzle-orm/pg-core';
import postgres from 'postgres';

const require = createRequire(import.meta.url);
const required: typeof imported = require('batched-drizzle');
const requiredCore: typeof core = require('drizzle-orm/pg-core');

const usersOf = ({ pgTable, integer, varchar }: typeof core) =>
  pgTable('users', {
    id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
    name: varchar('name').unique(),
  });
const users = usersOf(core);

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;
const client = postgres(url, { max: 1 });
const [first, second] = [imported.batchedDrizzle(client), required.batchedDrizzle(client)];

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
        names.map((name) => tx.insert(table).values({ name }).returning({ id: table.id, name: table.name })),
      ),
    );
  }),
);

await client.end();
first.insert(users).values({ name: 'left' });
second.insert(users).values([{ name: 'left' }, { name: 'left, too' }]);
console.log(
  JSON.stringify({
    isTwice: imported.batchedDrizzle !== required.batchedDrizzle,
    inTurn,
    others: others.map((rows) => rows.flat().map(({ name }) => name)),
    flushes: { count: flushes.length, different: new Set(flushes).size },
  }),
);
