/** A transaction that the program begins by a text of its own, on a client of one connection. */
import { sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { causeCodes } from '../support/error-codes.ts';
import { manyEntries } from '../support/many-entries.ts';
import { logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

beforeEach(() => check.unsafe('truncate users, addresses, logs restart identity cascade'));

const log = (message: string) => ({ level: 'info', message });

type Db = Pick<PostgresJsDatabase, 'insert' | 'execute' | 'select' | '$count'>;

/** Executes a text on the client or through the database. */
type Say = (db: Db, client: Client, text: string) => PromiseLike<unknown>;

/** Inserts logs in one turn. @returns the rows */
async function insertLogs(db: Pick<Db, 'insert'>, count: number): Promise<unknown[]> {
  const rows = await Promise.all(
    times(count, (n) =>
      db
        .insert(logs)
        .values(log(`${n}`))
        .returning(),
    ),
  );
  return rows.flat();
}

const ways: [name: string, say: Say][] = [
  ['through drizzle', (db, _, text) => db.execute(sql.raw(text))],
  ['of the client', (_, client, text) => driver.query(client, text)],
];

/** @returns what the inserts came to, and how many logs the others see before and after the end */
async function runBoth(
  say: Say,
  end: string,
  work: (db: Db, client: Client) => Promise<unknown>,
  begin = 'begin',
): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const make of [drizzle, batchedDrizzle]) {
    await check.unsafe('truncate users, addresses, logs restart identity cascade');
    const client = database.client({ max: 1 });
    const db = make(client) as Db;
    await say(db, client, begin);
    const outcome = await work(db, client);
    const before = await check`select from logs`;
    await say(db, client, end);
    const after = await check`select from logs`;
    const [state] = await driver.query(client, 'select now() = statement_timestamp() as "isOver"');
    seen.push({ outcome, before: before.length, after: after.length, ...state });
  }
  return seen;
}

describe.each(ways)('inserts of one turn in a transaction that is begun by a text %s', (_, say) => {
  test.each([
    ['two', 2],
    ['a shared batch', 60],
  ])('%s, are rolled back with it', async (__, count) => {
    const [plain, batched] = await runBoth(say, 'rollback', (db) => insertLogs(db, count));
    expect(batched).toEqual(plain);
    expect(batched).toMatchObject({ before: 0, after: 0 });
  });

  test('are committed with it', async () => {
    const [plain, batched] = await runBoth(say, 'commit', (db) =>
      Promise.all([insertLogs(db, 5), db.insert(users).values({ name: 'Ada' }).returning()]),
    );
    expect(batched).toEqual(plain);
    expect(batched).toMatchObject({ before: 0, after: 5 });
  });

  test.each([
    ['a comment', '/* from here */ begin -- now'],
    ['other statements', 'select 1; begin; select 2'],
  ])('with %s in the text, are rolled back with it', async (__, begin) => {
    const [plain, batched] = await runBoth(say, 'rollback', (db) => insertLogs(db, 3), begin);
    expect(batched).toEqual(plain);
    expect(batched).toMatchObject({ outcome: { length: 3 }, after: 0 });
  });

  test.each([
    ['a text that looks like its end', `insert into logs values ('info', '; commit;')`],
    ['a block of code', 'do $$ begin perform 1; end; $$'],
  ])('behind %s, are rolled back with it', async (__, text) => {
    const [plain, batched] = await runBoth(say, 'rollback', async (db, client) => {
      await say(db, client, text);
      return insertLogs(db, 3);
    });
    expect(batched).toEqual(plain);
    expect(batched).toMatchObject({ outcome: { length: 3 }, after: 0 });
  });

  test('are told from those behind its end', async () => {
    const client = database.client({ max: 1 });
    const db = batchedDrizzle(client);
    const written = async () => (await check`select from logs`).length;
    const seen: number[] = [];
    for (const [begin, end] of [
      ['begin', 'rollback'],
      ['start transaction isolation level serializable', 'commit'],
      ['', ''],
    ] as const) {
      await say(db, client, begin);
      await insertLogs(db, 3);
      seen.push(await written());
      await say(db, client, end);
      seen.push(await written());
    }
    expect(seen).toEqual([0, 0, 0, 3, 6, 6]);
  });

  test('and one insert of many rows is rolled back with it', async () => {
    const [plain, batched] = await runBoth(say, 'rollback', async (db) => {
      await db.insert(logs).values(times(3000, (n) => log(`${n}`)));
      return db.$count(logs);
    });
    expect(batched).toEqual(plain);
    expect(batched).toMatchObject({ outcome: 3000, after: 0 });
  });
});

test('an insert that fails aborts the transaction of the program, and those behind it with it', async () => {
  const work = async (db: Db) =>
    causeCodes(
      await Promise.allSettled(['Ada', 'Ada', 'Bob'].map((name) => db.insert(users).values({ name }))),
    );
  const [, batched] = await runBoth((db, _, text) => db.execute(sql.raw(text)), 'commit', work);
  expect(batched).toMatchObject({ outcome: ['ok', '23505', '25P02'], isOver: true });
  expect(await check`select from users`).toHaveLength(0);
});

test('load() refuses to be a part of it', async () => {
  const db = batchedDrizzle(database.client({ max: 1 }));
  await db.execute(sql`begin`);
  await expect(db.load(logs, [log('hello')])).rejects.toThrow('a transaction is open on the only connection');
  await db.execute(sql`rollback`);
});

test('where none is open, inserts of one turn are one round trip as ever', async () => {
  const { db, count } = await startCounted(database);
  await db.execute(sql`begin`);
  await db.execute(sql`commit`);
  const insertMany = () => insertLogs(db, manyEntries);
  await insertMany();
  expect((await count(insertMany)).trips).toBe(1);
});
