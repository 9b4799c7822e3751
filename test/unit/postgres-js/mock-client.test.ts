import { pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { expect, test } from 'vitest';
import { batchedDrizzle } from '../../../src/index.ts';

const notes = pgTable('notes', { text: text() });

/** What a test may put in postgres.js's place: its queries are promises with `values()`. */
function mockClient() {
  const sent: unknown[] = [];
  const unsafe = (statement: string, params: unknown[]) => {
    sent.push([statement, params]);
    return Object.assign(Promise.resolve([{ text: 'a' }]), { values: async () => [['a']] });
  };
  return { client: { options: { parsers: {}, serializers: {} }, unsafe } as never, sent };
}

test('statements other than inserts are sent by a mock client as drizzle sends them', async () => {
  const sides = [drizzle, batchedDrizzle].map(async (make) => {
    const { client, sent } = mockClient();
    const db = make(client);
    const given = [
      await db.select().from(notes),
      await db.update(notes).set({ text: 'b' }).returning(),
      await db.delete(notes),
      await db.execute('select 1'),
    ];
    return { given, sent };
  });
  const [plain, batched] = await Promise.all(sides);
  expect(plain?.given[0]).toEqual([{ text: 'a' }]);
  expect(batched).toEqual(plain);
});
