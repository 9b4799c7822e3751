/** BEGIN is held back until a transaction's first statement, and at most until the turn ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BatchedDatabase, batchedDrizzle } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { rejectionOf } from '../support/process-events.ts';
import { users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.connect());
beforeEach(() => check.execute(emptyTables()));

const user = (name: string) => ({ name, email: `${name}@example.com` });

/** A database whose first connection is up: before, nothing is held back. */
async function warm(max: number): Promise<{ client: Sql; db: BatchedDatabase }> {
  const client = database.connect({ max });
  const db = batchedDrizzle(client);
  await db.transaction((tx) => tx.execute(sql`select 1`));
  return { client, db };
}

async function open(db: BatchedDatabase): Promise<boolean> {
  const [row] = await db.execute<{ open: boolean }>(sql`select now() <> statement_timestamp() as open`);
  return row?.open ?? true;
}

describe('a statement on a transaction that has ended', () => {
  test.each([
    ['that sent nothing', async () => Promise.reject(new Error('first'))],
    ['of one insert', async (tx: BatchedDatabase) => void tx.insert(users).values(user('ada'))],
  ])('%s takes no connection out of the pool', async (_, work) => {
    const { db } = await warm(1);
    let late: BatchedDatabase | undefined;
    const transaction = db.transaction(async (tx) => {
      late = tx as unknown as BatchedDatabase;
      await work(late);
    });
    await transaction.catch(() => {});
    const error = await rejectionOf(late?.execute(sql`select 1`) as Promise<unknown>);
    expect((error as Error).cause).toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(await open(db)).toBe(false);
  });
});

test.each([1, 2])(
  'a statement of the database takes no connection ahead of transactions that were called before it, with a pool of %i',
  async (max) => {
    const { db } = await warm(max);
    const transactions = Array.from({ length: max }, (_, index) =>
      db.transaction(async (tx) => {
        await tx.insert(users).values(user(`user ${index}`));
        await tx.insert(users).values(user(`other ${index}`));
      }),
    );
    const counted = db.$count(users);
    // The first connection that is free again serves it.
    expect(await counted).toBeGreaterThanOrEqual(2);
    await Promise.all(transactions);
  },
);

describe('a callback that waits before its first statement', () => {
  test.each([1, 3])('keeps its place before later transactions, with a pool of %i', async (max) => {
    const { db } = await warm(max);
    // The callbacks wait for one another: if those behind took the connections, the first would never get one.
    let lock: Promise<unknown> = Promise.resolve();
    const locked = <T>(work: () => Promise<T>): Promise<T> => {
      const result = lock.then(work);
      lock = result.catch(() => {});
      return result;
    };
    const names = Array.from({ length: 2 * max + 1 }, (_, index) => `user ${index}`);
    const write = (name: string) =>
      db.transaction((tx) =>
        locked(async () => {
          await sleep(2);
          await tx.insert(users).values(user(name));
        }),
      );
    await Promise.all(names.map(write));
    expect(await check.$count(users)).toBe(names.length);
    expect(await open(db)).toBe(false);
  });

  test('is waited for by client.end()', async () => {
    const { client, db } = await warm(3);
    const transaction = db.transaction(async (tx) => {
      await sleep(50);
      await tx.insert(users).values(user('ada'));
    });
    await sleep(5);
    await client.end();
    await transaction;
    expect(await check.$count(users)).toBe(1);
  });

  test('reads in now() when it began', async () => {
    const { db } = await warm(3);
    const waited = await db.transaction(async (tx) => {
      await sleep(150);
      const [row] = await tx.execute<{ ms: string }>(
        sql`select 1000 * extract(epoch from clock_timestamp() - now()) as ms`,
      );
      return Number(row?.ms);
    });
    expect(waited).toBeGreaterThan(100);
  });

  test('is written before what a pool of one runs behind it', async () => {
    const { db } = await warm(1);
    const first = db.transaction(async (tx) => {
      await sleep(10);
      await tx.insert(users).values(user('ada'));
    });
    const second = db.transaction((tx) => tx.$count(users));
    expect(await Promise.all([first, second])).toEqual([undefined, 1]);
  });
});
