/** Servers, or roles, that refuse a part of what the library asks. It is asked once, and the rows are written all the same. */
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { type MessageRelay, startMessageRelay } from '../support/message-relay.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client({ max: 1 }));
const things = pgTable('things', { id: serial().primaryKey(), name: text() });

let sent: string[] = [];

function connect(options: object): BatchedDatabase {
  const debug = (_: number, query: string) => void sent.push(query);
  return batchedDrizzle(database.client({ max: 1, debug, ...options }));
}

/** The statements of a transaction of many inserts, or of few. */
async function write(db: BatchedDatabase, count: number): Promise<string[]> {
  sent = [];
  const before = await check.$count(things);
  const names = times(count, (n) => `${n}`);
  const rows = await db.transaction((tx) =>
    Promise.all(names.map((name) => tx.insert(things).values({ name }).returning())),
  );
  expect(rows.flat().map(({ name }) => name)).toEqual(names);
  expect(await check.$count(things)).toBe(before + count);
  return sent;
}

const withWord = (statements: readonly string[], word: string) =>
  statements.filter((statement) => statement.includes(word));

beforeEach(() =>
  check.execute('drop table if exists things; create table things (id serial primary key, name text)'),
);

describe('a server that does not know', () => {
  let relay: MessageRelay;
  afterEach(() => relay.close());

  /** A server to which the word means nothing. */
  async function connectWithout(word: string): Promise<BatchedDatabase> {
    relay = await startMessageRelay(database.url, () => ({
      sent: ({ bytes }) => {
        const place = bytes.indexOf(word);
        if (place !== -1) bytes.write('x', place);
      },
      answered: ({ bytes }) => [bytes],
    }));
    return connect({ url: relay.url });
  }

  test('what is asked from the catalog gets own statements, and is not asked again', async () => {
    const db = await connectWithout('json_object_agg');
    expect(withWord(await write(db, manyEntries), 'json_object_agg')).toHaveLength(1);
    const statements = await write(db, manyEntries);
    expect(withWord(statements, 'json_object_agg')).toEqual([]);
    const inserts = withWord(statements, 'insert into');
    // On pg a text that follows itself is parsed once, and so seen once.
    expect(inserts).toHaveLength(driver.name === 'node-postgres' ? 1 : manyEntries);
    expect(withWord(inserts, 'unnest')).toEqual([]);
  });

  test('policies gets inserts that ask no key back, and is not asked again', async () => {
    const db = await connectWithout('row_security_active');
    const queued = (name: string) =>
      db.transaction(async (tx) => {
        const insert = tx.insert(things).values({ name });
        await tx.select().from(things);
        await insert;
      });
    sent = [];
    await queued('a');
    expect(withWord(sent, 'row_security_active')).toHaveLength(1);
    sent = [];
    await queued('b');
    expect(withWord(sent, 'row_security_active')).toEqual([]);
    expect(await check.select().from(things).orderBy(things.name)).toMatchObject([
      { name: 'a' },
      { name: 'b' },
    ]);
  });

  test('LOCK TABLE gets shared statements without it', async () => {
    const db = await connectWithout('lock table');
    expect(withWord(await write(db, manyEntries), 'lock table')).toHaveLength(1);
    const statements = await write(db, manyEntries);
    expect(withWord(statements, 'lock table')).toEqual([]);
    expect(withWord(statements, 'insert into')).toHaveLength(1);
  });
});

test('a role that may not read settings gets own statements without a guard, from the second transaction on', async () => {
  const role = `batched_drizzle_refused_${process.pid}`;
  await check.execute(`create role ${role}; grant all on things, things_id_seq to ${role};
    revoke execute on function pg_catalog.current_setting(text) from public`);
  onTestFinished(async () => void (await check.execute(`drop owned by ${role}; drop role ${role}`)));
  const db = connect({ connection: { role } });
  // Once a transaction has begun, the inserts of the next ones leave before BEGIN is answered, and have the driver's guard.
  await db.transaction(async () => {});
  expect(withWord(await write(db, 2), 'current_setting')).toHaveLength(driver.guard.isMarked ? 2 : 0);
  expect(withWord(await write(db, 2), 'current_setting')).toEqual([]);
});

test('a server that was gone, and is back, is trusted with transactions again', async () => {
  const relay = await database.faultRelay();
  const db = connect({ url: relay.url });
  const insert = () => db.insert(things).values({ name: 'a' }).returning();
  const gone = relay.hold({ side: 'client', words: /^begin/ });
  const refused = Promise.allSettled([insert(), insert(), insert(), insert()]);
  (await gone).cut('close');
  (await relay.hold({ side: 'client', words: /^insert/ })).cut('close');
  expect((await refused).map(({ status }) => status)).toContain('rejected');
  sent = [];
  await Promise.all([insert(), insert()]);
  expect(sent).toContain('begin');
});
