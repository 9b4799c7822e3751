import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { expect, test } from 'vitest';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

test('values([]) throws at the call, as in drizzle, naming what was given and what is allowed', () => {
  const empty = (db: PostgresJsDatabase) => () => db.insert(users).values([]);
  expect(empty(drizzle.mock())).toThrow('values() must be called with at least one value');
  expect(empty(batchedDrizzle.mock())).toThrow(
    'values() must be called with at least one value; got an empty array',
  );
});

test.each([
  ['returning()', (insert: ReturnType<typeof insertUser>) => insert.returning()],
  ['onConflictDoNothing()', (insert: ReturnType<typeof insertUser>) => insert.onConflictDoNothing()],
])(
  '%s of an insert that has been written throws at the call, and says where it belongs',
  async (_, chain) => {
    const insert = insertUser(batchedDrizzle(database.client()));
    await insert;
    expect(() => chain(insert)).toThrow(
      'the insert into "users" has been written already; chain returning() and onConflict…() to values() directly',
    );
  },
);

function insertUser(db: ReturnType<typeof batchedDrizzle>) {
  return db.insert(users).values({});
}
