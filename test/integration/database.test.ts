import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import { withReplicas } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { rejectionOf } from '../support/process-events.ts';
import * as schema from '../support/schema.ts';
import { addresses, counters, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let check: PostgresJsDatabase;

beforeAll(() => {
  check = drizzle(database.connect());
});
beforeEach(() => check.execute(emptyTables()));

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

describe("drizzle's own tools", () => {
  test('withReplicas() writes to the primary and reads from the replica', async () => {
    const primary = batchedDrizzle(database.connect(), { schema });
    const replica = drizzle(database.connect(), { schema });
    const reads = vi.spyOn(replica, 'select');
    const db = withReplicas(primary, [replica as never]);
    const [user] = await db.insert(users).values({ name: 'a' }).returning();
    expect(await db.select().from(users)).toEqual([user]);
    expect(reads).toHaveBeenCalledTimes(1);
    await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'b' });
    });
    expect(await db.query.users.findMany()).toHaveLength(2);
    expect(await Promise.all([1, 2].map((number) => db.insert(logs).values(log(`${number}`))))).toHaveLength(
      2,
    );
    expect(db.$primary.pending).toBe(0);
  });

  test('the migrator migrates on it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    try {
      await mkdir(join(folder, 'meta'));
      const entries = [{ idx: 0, version: '7', when: 1, tag: '0000_first', breakpoints: true }];
      await writeFile(
        join(folder, 'meta/_journal.json'),
        JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
      );
      await writeFile(
        join(folder, '0000_first.sql'),
        'create table migrated (id serial primary key);\n--> statement-breakpoint\ninsert into migrated values (default), (default);',
      );
      const db = batchedDrizzle(database.connect());
      const config = { migrationsFolder: folder, migrationsTable: 'own_migrations' };
      await migrate(db, config);
      await migrate(db, config);
      expect([...(await db.execute(sql`select id from migrated`))]).toEqual([{ id: 1 }, { id: 2 }]);
      expect([...(await db.execute(sql`select count(*)::int as n from drizzle.own_migrations`))]).toEqual([
        { n: 1 },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('execute() answers as in drizzle, on the database and in a transaction', async () => {
    const db = batchedDrizzle(database.connect());
    const query = sql`select ${1}::int as one, ${'x'} as text`;
    const plain = await check.execute(query);
    const answers = [await db.execute(query), await db.transaction((tx) => tx.execute(query))];
    for (const answer of answers) {
      expect([...answer]).toEqual([...plain]);
      expect([answer.count, answer.command]).toEqual([plain.count, plain.command]);
      expect(answer.columns).toEqual(plain.columns);
    }
  });
});

describe("drizzle's logger", () => {
  test('sees every statement, with its parameters', async () => {
    const relay = await database.relay();
    const seen: string[] = [];
    const given: unknown[][] = [];
    const logger = {
      logQuery: (query: string, params: unknown[]) => {
        seen.push(query);
        given.push(params);
      },
    };
    const db = batchedDrizzle(database.connect({ url: relay.url, max: 1 }), { logger });
    await db.insert(users).values({ name: 'alone' });
    await db.transaction(async (tx) => {
      const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      tx.insert(addresses).values(['x', 'y'].map((email) => ({ email, userId: user.ref('id') })));
      await tx.select().from(users);
    });
    const sent = relay.statements.map((statement) => statement.trim());
    const own = sent.filter((statement) => !/^(begin|commit)$/.test(statement));
    expect(seen.map((statement) => statement.trim())).toEqual(own);
    expect(given.flat().map(String)).toEqual(expect.arrayContaining(['alone', '{a,b}', '{x,y}']));
  });

  test('that throws rejects its caller, and nothing hangs', async () => {
    const logger = {
      logQuery: () => {
        throw new Error('no log');
      },
    };
    const db = batchedDrizzle(database.connect(), { logger });
    const error = await rejectionOf(db.insert(users).values({ name: 'a' }));
    expect(`${error.message} ${error.cause}`).toContain('no log');
    const failed = await rejectionOf(
      db.transaction(async (tx) => {
        tx.insert(users).values({ name: 'a' });
      }),
    );
    expect(`${failed.message} ${failed.cause}`).toContain('no log');
    expect(await check.$count(users)).toBe(0);
  });
});

describe("drizzle's cache", () => {
  class Recorder extends Cache {
    readonly mutated: unknown[] = [];
    readonly asked: string[] = [];
    failure: Error | undefined;

    constructor(readonly kind: 'explicit' | 'all' = 'explicit') {
      super();
    }
    strategy(): 'explicit' | 'all' {
      return this.kind;
    }
    async get(key: string): Promise<undefined> {
      this.asked.push(key);
    }
    async put(): Promise<void> {}
    async onMutate({ tables }: { tables?: unknown }): Promise<void> {
      this.mutated.push(tables);
      if (this.failure) throw this.failure;
    }
  }

  test('gets onMutate once an insert, as in drizzle, and is not asked about the key query', async () => {
    const work = async (cache: Recorder, db: PostgresJsDatabase): Promise<unknown[]> => {
      await check.execute(emptyTables());
      await Promise.all([
        db
          .insert(users)
          .values([{ name: 'a' }, { name: 'b' }])
          .returning(),
        db.insert(users).values({ name: 'c' }),
        db
          .insert(counters)
          .values([{ value: 'a' }, { value: 'b' }])
          .returning(),
        db.insert(addresses).values({ email: 'x' }).returning(),
      ]);
      await db.transaction(async (tx) => {
        await tx.insert(logs).values(log('a'));
      });
      return cache.mutated.map(String).toSorted();
    };
    for (const kind of ['explicit', 'all'] as const) {
      const [plain, batched] = [new Recorder(kind), new Recorder(kind)];
      const expected = await work(plain, drizzle(database.connect({ max: 1 }), { cache: plain }));
      expect(await work(batched, batchedDrizzle(database.connect(), { cache: batched }))).toEqual(expected);
      expect(batched.asked).toEqual([]);
    }
  });

  test('that fails rejects the insert, as in drizzle', async () => {
    const reject = async (
      make: (cache: Recorder) => PostgresJsDatabase,
      message: string,
    ): Promise<unknown> => {
      const cache = new Recorder();
      cache.failure = new Error('cache is down');
      const error = await rejectionOf(make(cache).insert(logs).values(log(message)));
      await expect.poll(() => check.$count(logs, eq(logs.message, message))).toBe(1);
      return (error.cause as Error).message;
    };
    expect(await reject((cache) => drizzle(database.connect(), { cache }), 'plain')).toBe('cache is down');
    expect(await reject((cache) => batchedDrizzle(database.connect(), { cache }), 'batched')).toBe(
      'cache is down',
    );
  });

  test('is had by $cache.invalidate(), as in drizzle', async () => {
    const cache = new Recorder();
    const db = batchedDrizzle(database.connect(), { cache });
    await db.$cache?.invalidate({ tables: ['users'] });
    expect(cache.mutated).toEqual([['users']]);
  });
});

describe('the turn of the event loop', () => {
  afterEach(() => vi.useRealTimers());

  test('fake timers do not stall a flush', async () => {
    const db = batchedDrizzle(database.connect());
    await db.execute('select 1');
    vi.useFakeTimers();
    const insert = db.insert(logs).values(log('a')).execute();
    // postgres.js writes by `setImmediate`, and waits for the real one, also in plain drizzle.
    vi.useRealTimers();
    await insert;
    expect(await check.$count(logs)).toBe(1);
  });

  test('fake timers do not stall a queue that reaches maxRows', async () => {
    const db = batchedDrizzle(database.connect(), { batch: { maxRows: 2 } });
    await db.execute('select 1');
    vi.useFakeTimers({ toFake: ['queueMicrotask', 'setImmediate', 'setTimeout'] });
    db.insert(logs).values(log('a'));
    db.insert(logs).values(log('b'));
    vi.useRealTimers();
    await undefined;
    expect(db.pending).toBe(0);
    await expect.poll(() => check.$count(logs)).toBe(2);
  });

  test('fake timers, but for that of postgres.js, stall neither flush nor transaction', async () => {
    const db = batchedDrizzle(database.connect());
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
    const db = storage.run('made', () => batchedDrizzle(database.connect(), { logger }));
    await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        storage.run(name, () => db.insert(logs).values(log(name)).execute()),
      ),
    );
    expect(new Set(contexts)).toEqual(new Set(['made']));
    expect(contexts.length).toBeGreaterThan(0);
  });

  test('of a caller is its own again behind its await', async () => {
    const db = storage.run('made', () => batchedDrizzle(database.connect()));
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
    const db = storage.run('made', () => batchedDrizzle(database.connect(), { logger }));
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
