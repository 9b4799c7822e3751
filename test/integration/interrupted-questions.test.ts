/** Questions of the library's own that the server cancels, or that wait for a lock too long. Plain drizzle does not ask them. */
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { manyEntries } from '../support/many-entries.ts';
import { type MessageRelay, startMessageRelay } from '../support/message-relay.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client({ max: 1 }));
const things = pgTable('things', { id: serial().primaryKey(), name: text() });

/** A function of each question. Inserts call none of them. */
const words = {
  facts: 'json_object_agg',
  policies: 'row_security_active',
  keys: 'generate_series',
  ahead: 'pg_sequence_last_value',
  mark: "set_config('lock_timeout'",
};

let sent: string[] = [];
let relay: MessageRelay | undefined;
let isBusy = true;

/** A server that answers statements with the word by the code, as long as it is busy. */
async function connectInterrupted(
  word: string,
  code: string,
  connection: Readonly<Record<string, string | number>> = {},
): Promise<BatchedDatabase> {
  relay = await startMessageRelay(database.url, () => ({
    sent({ bytes }) {
      const place = isBusy ? bytes.indexOf(word) : -1;
      if (place !== -1) bytes.write('x', place);
    },
    answered({ bytes }) {
      const place = bytes.indexOf('\0C42883\0');
      if (place !== -1) bytes.write(code, place + 2);
      return [bytes];
    },
  }));
  const debug = (_: number, query: string) => void sent.push(query);
  return batchedDrizzle(database.client({ url: relay.url, max: 1, debug, connection }));
}

const asked = (word: string) => sent.filter((statement) => statement.includes(word)).length;

const insertMany = (db: Pick<BatchedDatabase, 'insert'>, count = manyEntries) =>
  Promise.all(times(count, (n) => db.insert(things).values({ name: `${n}` })));

beforeEach(async () => {
  sent = [];
  isBusy = true;
  await check.execute('drop table if exists things; create table things (id serial primary key, name text)');
});
afterEach(async () => {
  await relay?.close();
  relay = undefined;
});

describe.each(['57014', '55P03', '40P01'])('a question of the library that fails with %s', (code) => {
  test('about facts rejects no insert of a transaction', async () => {
    const db = await connectInterrupted(words.facts, code);
    await db.transaction((tx) => insertMany(tx));
    expect(asked(words.facts)).toBe(1);
    expect(await check.$count(things)).toBe(manyEntries);
  });

  test('about facts rejects no insert of a transaction that has worked, whose rows stay', async () => {
    const db = await connectInterrupted(words.facts, code);
    await db.transaction(async (tx) => {
      await tx.insert(things).values({ name: 'before' });
      await insertMany(tx);
    });
    expect(asked(words.facts)).toBe(1);
    expect(await check.$count(things)).toBe(manyEntries + 1);
  });

  test.each([2, 100])('about facts rejects no insert of a batch of %d on the database', async (count) => {
    const db = await connectInterrupted(words.facts, code);
    await insertMany(db, count);
    expect(asked(words.facts)).toBe(1);
    expect(await check.$count(things)).toBe(count);
  });

  test('about policies gets inserts that ask no key back, and the next transaction does not ask', async () => {
    const db = await connectInterrupted(words.policies, code);
    const queued = (name: string) =>
      db.transaction(async (tx) => {
        const insert = tx.insert(things).values({ name });
        await tx.select().from(things);
        await insert;
      });
    await queued('a');
    expect(asked(words.policies)).toBeGreaterThan(0);
    sent = [];
    await queued('b');
    expect(asked(words.policies)).toBe(0);
    const rows = await check.select().from(things).orderBy(things.name);
    expect(rows).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });

  test('for keys rejects no insert of a transaction', async () => {
    const db = await connectInterrupted(words.keys, code);
    const rows = await db.transaction((tx) =>
      Promise.all(
        times(manyEntries, (n) =>
          tx
            .insert(things)
            .values({ name: `${n}` })
            .returning(),
        ),
      ),
    );
    expect(asked(words.keys)).toBe(1);
    expect(rows.flat().map(({ name }) => name)).toEqual(times(manyEntries, (n) => `${n}`));
    expect(await check.$count(things)).toBe(manyEntries);
  });

  test('ahead of inserts that are transactions of their own rejects none of them', async () => {
    // It is not proved that they may share a transaction.
    await check.execute(`create or replace function see() returns trigger language plpgsql as 'begin return new; end';
      create trigger seen before insert on things for each row execute function see()`);
    const db = await connectInterrupted(words.mark, code);
    await insertMany(db, 3);
    expect(asked(words.mark)).toBe(3);
    expect(await check.$count(things)).toBe(3);
  });

  test('ahead of awaited inserts rejects none, and the next transaction does not ask', async () => {
    const db = await connectInterrupted(words.ahead, code);
    const loop = () =>
      db.transaction(
        async (tx) => {
          for (const name of ['a', 'b']) await tx.insert(things).values({ name }).returning();
        },
        { batch: { awaits: 'queued' } },
      );
    await loop();
    expect(asked(words.ahead)).toBe(1);
    await loop();
    expect(asked(words.ahead)).toBe(1);
    expect(await check.$count(things)).toBe(4);
  });
});

test('the question is asked again after a busy moment, and rows share statements from then on', async () => {
  const db = await connectInterrupted(words.facts, '57014');
  await db.transaction((tx) => insertMany(tx));
  isBusy = false;
  for (let tries = 0; asked(words.facts) < 2 && tries < 10; tries++)
    await db.transaction((tx) => insertMany(tx));
  expect(asked(words.facts)).toBe(2);
  sent = [];
  await db.transaction((tx) => insertMany(tx));
  expect(sent.filter((statement) => statement.startsWith('insert into'))).toHaveLength(1);
});

test('a client whose questions are all interrupted asks less and less', async () => {
  const db = await connectInterrupted(words.facts, '57014');
  for (let flushes = 0; flushes < 60; flushes++) await db.transaction((tx) => insertMany(tx));
  expect(asked(words.facts)).toBe(4);
  expect(await check.$count(things)).toBe(60 * manyEntries);
});

test('behind a question that is cancelled an insert that waits for a lock fails as in drizzle', async () => {
  const db = await connectInterrupted(words.facts, '57014', { lock_timeout: 50 });
  const plain = drizzle(database.client({ max: 1, connection: { lock_timeout: 50 } }));
  const holder = database.connect({ max: 1 });
  await holder.begin(async (held) => {
    await held`lock table things in exclusive mode`;
    const settle = async (on: Pick<typeof plain, 'insert'>) =>
      causeCodes(await Promise.allSettled(times(2, (n) => on.insert(things).values({ name: `${n}` }))));
    expect(await settle(plain)).toEqual(['55P03', '55P03']);
    expect(await settle(db)).toEqual(['55P03', '55P03']);
  });
});

test.each([
  ['statement_timeout', { statement_timeout: 500 }],
  ['lock_timeout', { lock_timeout: 100 }],
])('a %s that only the question exceeds is not noticed', async (_, connection) => {
  const db = batchedDrizzle(database.client({ max: 1, connection }));
  // A catalog that the question reads, and an INSERT does not.
  const holder = await database.connect({ max: 1 }).reserve();
  onTestFinished(() => holder.release());
  await holder`begin`;
  await holder`lock table pg_catalog.pg_depend in access exclusive mode`;
  await db.transaction((tx) => insertMany(tx));
  await insertMany(db);
  await holder`rollback`;
  expect(await check.$count(things)).toBe(2 * manyEntries);
});
