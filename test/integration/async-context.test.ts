import { AsyncLocalStorage } from 'node:async_hooks';
import { Cache } from 'drizzle-orm/cache/core';
import { customType, numeric, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchedDatabase, BatchOptions } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { logs } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());

beforeEach(() => check.execute(emptyTables()));

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

test('a flush that waits until other functions have heard their answers runs in the context of its cause', async () => {
  const caller = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const logQuery = (query: string) => {
    if (query.startsWith('insert')) seen.push(caller.getStore());
  };
  const db = batchedDrizzle(database.client({ max: 1 }), { logger: { logQuery } });
  await db.transaction(async (tx) => {
    await tx.select().from(logs);
    const functions = ['first', 'second', 'third'].map((name) =>
      caller.run(name, async () => {
        await tx.select().from(logs);
        if (name === 'first') await tx.insert(logs).values(log(name));
      }),
    );
    await Promise.all(functions);
  });
  expect(seen).toEqual(['first']);
});

describe('the turn of the event loop', () => {
  afterEach(() => vi.useRealTimers());

  test('fake timers do not stall a flush', async () => {
    const db = batchedDrizzle(database.client());
    await db.execute('select 1');
    vi.useFakeTimers();
    const insert = db.insert(logs).values(log('a')).execute();
    // postgres.js writes in `setImmediate`, and needs the real one; so does plain drizzle.
    vi.useRealTimers();
    await insert;
    expect(await check.$count(logs)).toBe(1);
  });

  test('fake timers do not stall a queue that reaches maxRows', async () => {
    const db = batchedDrizzle(database.client(), { batch: { maxRows: 2 } });
    await db.execute('select 1');
    vi.useFakeTimers({ toFake: ['queueMicrotask', 'setImmediate', 'setTimeout'] });
    db.insert(logs).values(log('a'));
    db.insert(logs).values(log('b'));
    vi.useRealTimers();
    await undefined;
    expect(db.pending).toBe(0);
    await expect.poll(() => check.$count(logs)).toBe(2);
  });

  test('fake timers that no driver needs stall neither flush nor transaction', async () => {
    const db = batchedDrizzle(database.client());
    await db.insert(logs).values([log('a'), log('b')]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'Date', 'performance', 'queueMicrotask'] });
    await db.insert(logs).values(log('c'));
    const report = await db.transaction((tx) => {
      tx.insert(logs).values([log('d'), log('e')]);
      return tx.flush();
    });
    expect(report.rows).toBe(2);
    vi.useRealTimers();
    expect(await check.$count(logs)).toBe(5);
  });
});

describe('the async context', () => {
  const storage = new AsyncLocalStorage<string>();
  const contexts: (string | undefined)[] = [];
  const logger = { logQuery: () => void contexts.push(storage.getStore()) };
  beforeEach(() => {
    contexts.length = 0;
  });

  test("of a flush for several callers is the database's", async () => {
    const db = storage.run('made', () => batchedDrizzle(database.client(), { logger }));
    await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        storage.run(name, () => db.insert(logs).values(log(name)).execute()),
      ),
    );
    expect(new Set(contexts)).toEqual(new Set(['made']));
    expect(contexts.length).toBeGreaterThan(0);
  });

  test("of an insert that is awaited alone is its caller's", async () => {
    const shouted = customType<{ data: string; driverData: string }>({
      dataType: () => 'text',
      toDriver: (value) => `${value} to ${storage.getStore()}`,
      fromDriver: (value) => `${value} from ${storage.getStore()}`,
    });
    const messages = pgTable('logs', { level: text('level'), message: shouted('message') });
    const db = storage.run('made', () => batchedDrizzle(database.client(), { logger }));
    const rows = await storage.run('caller', () =>
      db.insert(messages).values(log('a')).returning().execute(),
    );
    expect(rows).toEqual([{ level: 'info', message: 'a to caller from caller' }]);
    expect(new Set(contexts)).toEqual(new Set(['caller']));
  });

  test("of an insert that is awaited in another one's turn is not the other's", async () => {
    const db = storage.run('made', () => batchedDrizzle(database.client(), { logger }));
    const first = storage.run('first', () => db.insert(logs).values(log('a')).execute());
    const flushed = storage.run('flushing', () => db.flush());
    const second = storage.run('second', () => db.insert(logs).values(log('b')).execute());
    await Promise.all([first, flushed, second]);
    expect(new Set(contexts)).toEqual(new Set(['made']));
    expect(await check.$count(logs)).toBe(2);
  });

  test('of a caller is its own again behind its await', async () => {
    const db = storage.run('made', () => batchedDrizzle(database.client()));
    const seen = await Promise.all(
      ['one', 'two'].map((name) =>
        storage.run(name, async () => {
          await db.insert(logs).values(log(name));
          return storage.getStore();
        }),
      ),
    );
    expect(seen).toEqual(['one', 'two']);
  });

  test("of a transaction's flush is that of its cause", async () => {
    const db = storage.run('made', () => batchedDrizzle(database.client(), { logger }));
    await storage.run('caller', () =>
      db.transaction(async (tx) => {
        tx.insert(logs).values(log('a'));
        await tx.flush();
        await storage.run('inner', () => tx.insert(logs).values(log('b')).execute());
        tx.insert(logs).values(log('c'));
      }),
    );
    expect(contexts).not.toContain('made');
    expect(contexts).not.toContain(undefined);
    expect(contexts.at(-1)).toBe('caller');
    expect(await check.$count(logs)).toBe(3);
  });
});

describe("a request's insert never runs in another request's store", () => {
  const storage = new AsyncLocalStorage<string>();
  const requests = Array.from({ length: 20 }, (_, index) => `${1_000 + index}`);
  /** The values that functions of the program received, and the store in which they ran. */
  let seen: { hook: string; value: unknown; store: string | undefined }[] = [];
  const note = <T>(hook: string, value: T): T => {
    seen.push({ hook, value, store: storage.getStore() });
    return value;
  };

  const ofClient = driver.noting(note);
  const hooks = ['$defaultFn', 'toDriver', 'logger', 'cache', 'fromDriver', ...ofClient.hooks];

  class NotingCache extends Cache {
    strategy(): 'explicit' {
      return 'explicit';
    }
    async get(): Promise<undefined> {}
    async put(): Promise<void> {}
    async onMutate(): Promise<void> {
      note('cache', undefined);
    }
  }

  const body = customType<{ data: string; driverData: string }>({
    dataType: () => 'text',
    toDriver: (value) => note('toDriver', value),
    fromDriver: (value) => note('fromDriver', value),
  });
  const noted = pgTable('noted', {
    id: serial('id').primaryKey(),
    by: text('by').$defaultFn(() => note('$defaultFn', storage.getStore() ?? 'nobody')),
    body: body('body'),
    amount: numeric('amount'),
  });

  /** A database that was made in the store `made`, with a connection opened there. */
  function make(batch: BatchOptions = {}): Promise<BatchedDatabase> {
    return storage.run('made', async () => {
      const client = database.client({ max: 1, own: ofClient.own });
      const logger = { logQuery: (_: string, params: unknown[]) => void note('logger', params) };
      const db = batchedDrizzle(client, { logger, cache: new NotingCache(), batch });
      await db.execute('create table if not exists noted (id serial, by text, body text, amount numeric)');
      await db.execute('truncate noted restart identity');
      await db.insert(noted).values([{ body: 'known' }, { body: 'known' }]);
      seen = [];
      return db;
    });
  }

  /** A transaction's token ends with a point and its number, which may look like a name. */
  const namesIn = (value: unknown): string[] => JSON.stringify(value)?.match(/(?<![.\w])10\d\d\b/g) ?? [];

  /** A function that received values of one request must have run in that request's store or in `made`. */
  function expectNoStrays(): void {
    const strays = seen.filter(({ value, store }) => {
      const names = new Set(namesIn(value));
      return store !== 'made' && !(names.size === 1 && names.has(store ?? ''));
    });
    expect(strays).toEqual([]);
    expect(new Set(seen.map(({ hook }) => hook))).toEqual(new Set(hooks));
  }

  const insert = (db: Pick<PostgresJsDatabase, 'insert'>, name: string) =>
    db.insert(noted).values({ body: name, amount: name }).returning();

  test('when inserts of many are awaited in one turn', async () => {
    const db = await make();
    const rows = await Promise.all(
      requests.map((name) => storage.run(name, () => insert(db, name).execute())),
    );
    expect(rows.map(([row]) => [row?.by, row?.body, row?.amount])).toEqual(
      requests.map((name) => [name, name, name]),
    );
    expectNoStrays();
  });

  test('when one of them flushes what others have queued', async () => {
    const db = await make();
    const rows = requests.map((name) => storage.run(name, () => insert(db, name)));
    await storage.run('1000', () => db.flush());
    await Promise.all(rows.map((row, index) => storage.run(requests[index] ?? '', () => row.execute())));
    expectNoStrays();
  });

  test('when an insert of one of them fills the queue', async () => {
    const db = await make({ maxRows: requests.length });
    const rows = requests.map((name) => storage.run(name, () => insert(db, name)));
    await expect.poll(() => check.$count(noted)).toBe(requests.length + 2);
    await Promise.all(rows.map((row, index) => storage.run(requests[index] ?? '', () => row.execute())));
    expectNoStrays();
  });

  test('when each has a transaction of its own', async () => {
    const db = await make();
    await Promise.all(
      requests.map((name) =>
        storage.run(name, () =>
          db.transaction(async (tx) => {
            await Promise.all([insert(tx, name), insert(tx, name)]);
            insert(tx, name);
          }),
        ),
      ),
    );
    for (const each of hooks.filter((hook) => hook !== 'debug' && hook !== 'parse')) {
      const stores = seen.filter(({ hook }) => hook === each).map(({ store }) => store);
      const times = stores.length / requests.length;
      expect(times, each).toBeGreaterThanOrEqual(1);
      expect(stores.toSorted(), each).toEqual(requests.flatMap((name) => Array(times).fill(name)));
    }
    // postgres.js parses in the store in which the connection was opened.
    expect(seen.filter(({ value, store }) => namesIn(value).some((name) => name !== store))).toEqual(
      seen.filter(({ hook }) => hook === 'parse'),
    );
  });
});
