/** A client that is ended while inserts on the database are under way. */
import { setImmediate } from 'node:timers/promises';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

beforeEach(() => check.unsafe('truncate users, logs restart identity cascade'));

function connect() {
  const client = database.client({ max: 3 });
  return { client, db: batchedDrizzle(client) };
}

const countRows = () =>
  check`select (select count(*) from users) as users, (select count(*) from logs) as logs`;

const log = (message: string) => ({ level: 'info', message });

type Insert = (db: PostgresJsDatabase) => PromiseLike<unknown>;

const addLog: Insert = (db) => db.insert(logs).values(log('hello')).execute();
const addUser: Insert = (db) => db.insert(users).values({ name: 'Ada' }).execute();
const addUserWithKey: Insert = (db) =>
  db.insert(users).values({ name: 'Ada' }).returning({ id: users.id }).execute();

/** Ends the client while the inserts are under way. */
async function endDuring(
  make: typeof drizzle | typeof batchedDrizzle,
  inserts: readonly Insert[],
): Promise<string[]> {
  // A pool of pg's never serves those who wait for a connection of it when it ends.
  const client = database.client({ max: inserts.length });
  const db = make(client) as PostgresJsDatabase;
  const settled = Promise.allSettled(inserts.map((insert) => insert(db)));
  // postgres.js takes a statement some promise jobs after the call.
  await setImmediate();
  await driver.close(client);
  // Which of two that are refused by one another comes first is not certain in a pool.
  return causeCodes(await settled).sort() as string[];
}

describe('a client that is ended waits for inserts on the database that are awaited', () => {
  test.each<[name: string, inserts: Insert[]]>([
    ['one', [addLog]],
    ['one whose row comes back', [addUserWithKey]],
    ['several of one turn', times(10, () => addLog)],
    ['several, of which two are refused', [...times(7, () => addLog), addUser, addUser, addUserWithKey]],
    ['a shared batch, of which two are refused', [...times(17, () => addLog), addUser, addUser, addUser]],
  ])('%s, and they fare as in drizzle', async (_, inserts) => {
    const plain = await endDuring(drizzle, inserts);
    const rows = await countRows();
    await check.unsafe('truncate users, logs restart identity cascade');
    expect(await endDuring(batchedDrizzle, inserts)).toEqual(plain);
    expect(await countRows()).toEqual(rows);
  });

  test('in the turn in which they are awaited', async () => {
    const { client, db } = connect();
    const settled = Promise.allSettled(times(60, () => addLog(db)));
    await driver.close(client);
    expect(causeCodes(await settled)).toEqual(times(60, () => 'ok'));
    expect(await check`select from logs`).toHaveLength(60);
  });

  test('behind a flush of the same turn', async () => {
    const { client, db } = connect();
    const first = addLog(db);
    const flushed = db.flush();
    await undefined;
    const settled = Promise.allSettled([first, flushed, ...times(20, () => addLog(db))]);
    await undefined;
    await driver.close(client);
    expect(causeCodes(await settled)).toEqual(times(22, () => 'ok'));
    expect(await check`select from logs`).toHaveLength(21);
  });

  test('but not for those that are only queued, nor for those that come later', async () => {
    const { client, db } = connect();
    db.insert(logs).values(log('queued'));
    const first = addLog(db);
    const closed = driver.close(client);
    await first;
    await closed;
    await expect(addLog(db)).rejects.toThrow();
    expect(await check`select from logs`).toHaveLength(1);
  });

  test('however many databases are made of it', async () => {
    const client = database.client({ max: 3 });
    const databases = times(3, () => batchedDrizzle(client));
    const settled = Promise.allSettled(databases.map((db) => addLog(db)));
    await driver.close(client);
    expect(causeCodes(await settled)).toEqual(['ok', 'ok', 'ok']);
  });
});
