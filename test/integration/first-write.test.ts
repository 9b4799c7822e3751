/** The first statement of a transaction, an UPDATE or DELETE with raw SQL in it, which leaves before BEGIN is answered. */
import { asc, eq, type SQL, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { describe, expect, test } from 'vitest';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import { users } from '../support/schema.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const both = sideBySide(database);

/** What a program sees of the first write of a transaction, and the names afterwards. */
async function write(
  db: PostgresJsDatabase,
  change: (db: PostgresJsDatabase) => PromiseLike<unknown>,
): Promise<unknown> {
  await db.insert(users).values([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  const [settled] = await Promise.allSettled([
    db.transaction(async (tx) => {
      const given = await change(tx);
      return Array.isArray(given) ? [...given] : driver.comparable(given);
    }),
  ]);
  const cause = settled.status === 'rejected' ? settled.reason.cause : {};
  const names = await db.select({ name: users.name }).from(users).orderBy(asc(users.id));
  return { ...settled, cause: { ...cause }, message: cause.message, names };
}

describe('is written, or refused, as in plain drizzle where its condition', () => {
  test.each<[string, SQL]>([
    ['ends in a comment', sql`name = 'a' -- note`],
    ['ends in a comment that is not closed', sql`name = 'a' /* note`],
    ['has a RETURNING of its own', sql`name = 'a' returning name`],
    ['has parentheses that only other ones make whole', sql`name = 'a') or (true`],
    ['ends in a semicolon', sql`name = 'a';`],
    ['is not finished', sql`name = 'a' and`],
    ['is empty', sql``],
    ['is no boolean', sql`name`],
    ['is a number', sql`1`],
  ])('%s', async (_, condition) => {
    const updated = await both.run((db) =>
      write(db, (tx) => tx.update(users).set({ name: 'new' }).where(condition)),
    );
    expect(updated.batched).toEqual(updated.plain);
    const deleted = await both.run((db) => write(db, (tx) => tx.delete(users).where(condition)));
    expect(deleted.batched).toEqual(deleted.plain);
    const returned = await both.run((db) => write(db, (tx) => tx.delete(users).where(condition).returning()));
    expect(returned.batched).toEqual(returned.plain);
  });
});

test('is sent without a guard once a server has refused one, where the role may not read settings', async () => {
  const admin = database.connect({ max: 1 });
  const role = `hardened_${process.pid}`;
  await admin.unsafe(`
    create role ${role} login password 'x';
    grant all on users to ${role};
    revoke execute on function pg_catalog.current_setting(text) from public;
  `);
  const url = Object.assign(new URL(database.url), { username: role, password: 'x' }).href;
  const client = database.client({ url, max: 1 });
  const db = batchedDrizzle(client);
  const write = () => db.transaction((tx) => tx.update(users).set({ name: 'new' }).where(eq(users.id, 1)));
  await write().catch(() => {});
  expect(rowsOf(await write())).toEqual([]);
  await driver.end(client);
  await admin.unsafe(`
    grant execute on function pg_catalog.current_setting(text) to public;
    drop owned by ${role};
    drop role ${role};
  `);
});
