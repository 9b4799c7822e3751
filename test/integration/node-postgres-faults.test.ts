/** What happens to connections of node-postgres, and what must not happen to the process. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type { Pool } from 'pg';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BatchedDatabase, batchedDrizzle } from '../../src/node-postgres.ts';
import { emptyTables } from '../support/counted.ts';
import { manyEntries } from '../support/many-entries.ts';
import { pgVersions } from '../support/pg-versions.ts';
import { organizations, teams, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

type Tx = Parameters<Parameters<BatchedDatabase['transaction']>[0]>[0];

const database = useDatabase();
const pools: Pool[] = [];
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeEach(async () => {
  process.on('uncaughtException', note);
  await drizzle(poolOf(pg)).execute(emptyTables());
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  process.off('uncaughtException', note);
  expect(uncaught.splice(0)).toEqual([]);
});

/** Without a listener for `error`: an event of that name would end the process. */
function poolOf(module: typeof pg, options: object = {}): Pool {
  const pool = new module.Pool({ connectionString: database.url, max: 2, ...options });
  pools.push(pool);
  return pool;
}

/** Every client is given out, so that none is lost to the pool. */
async function serves(pool: Pool): Promise<void> {
  const db = batchedDrizzle(pool);
  const numbers = Array.from({ length: 6 }, (_, index) => index);
  const found = await Promise.all(
    numbers.map((index) =>
      db.transaction(async (tx) => (await tx.execute(sql`select ${index}::int as n`)).rows),
    ),
  );
  expect(found).toEqual(numbers.map((n) => [{ n }]));
}

describe.each(pgVersions)('on pg %s', (_, module) => {
  let pool: Pool;
  let db: BatchedDatabase;
  const kill = (pid: number) => drizzle(poolOf(pg)).execute(sql`select pg_terminate_backend(${pid})`);
  const pidOf = async (tx: Pick<BatchedDatabase, 'execute'>) =>
    (await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)).rows[0]?.pid as number;

  beforeEach(() => {
    pool = poolOf(module);
    db = batchedDrizzle(pool);
  });

  test('a backend that is terminated between two statements rejects the transaction, and ends no process', async () => {
    const lost = db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'Ada' });
      await kill(await pidOf(tx));
      await sleep(100);
      await tx.insert(users).values({ name: 'Bob' });
    });
    await expect(lost).rejects.toMatchObject({ name: 'Error', cause: expect.any(Error) });
    await serves(pool);
    expect(await db.$count(users)).toBe(0);
  });

  test('a transaction whose backend is terminated is rejected when its callback has ended, as in drizzle', async () => {
    let hasEnded = false;
    const lost = db.transaction(async (tx) => {
      await kill(await pidOf(tx));
      await sleep(100);
      hasEnded = true;
    });
    await expect(lost).rejects.toThrow();
    expect(hasEnded).toBe(true);
    await serves(pool);
  });

  test('a BEGIN that is refused is told, nothing behind it is written, and later inserts share statements', async () => {
    const relay = await database.faultRelay();
    const refused = batchedDrizzle(poolOf(module, { connectionString: relay.url }));
    relay.spoil(/^begin/, 'nonse');
    const writing = refused.transaction((tx) => {
      const parent = tx.insert(organizations).values({ name: 'a' });
      return Promise.all([parent, tx.insert(teams).values({ name: 'b', organizationId: parent.ref('id') })]);
    });
    await expect(writing).rejects.toMatchObject({ query: 'begin', cause: { code: '42601' } });
    expect(await db.$count(organizations)).toBe(0);
    const { statements } = await refused.transaction((tx) => {
      for (let n = 0; n < manyEntries; n++) tx.insert(users).values({ name: `Ada ${n}` });
      return tx.flush();
    });
    expect(statements).toBeLessThan(manyEntries);
  });

  test('a refused statement that pg sends itself fails the transaction, also while the state of that is not told', async () => {
    const relay = await database.faultRelay();
    const slow = batchedDrizzle(poolOf(module, { connectionString: relay.url }));
    const over = slow.transaction(async (tx) => {
      const named = tx
        .select()
        .from(users)
        .where(eq(users.name, sql.placeholder('name')))
        .prepare('named');
      await named.execute({ name: 'Ada' });
      const told = relay.hold({ side: 'server', words: /^ReadyForQuery/ });
      await expect(named.execute({ name: 'a\0b' })).rejects.toMatchObject({ cause: { code: '22021' } });
      setImmediate(async () => (await told).release());
    });
    await expect(over).rejects.toMatchObject({ query: 'commit', cause: { code: '22021' } });
  });

  test('so does one that is terminated during a flight', async () => {
    const lost = db.transaction(async (tx) => {
      const pid = await pidOf(tx);
      const slow = Promise.all([
        tx.insert(users).values({ name: 'Ada' }),
        tx.execute(sql`select pg_sleep(5)`),
      ]);
      slow.catch(() => {});
      await sleep(100);
      await kill(pid);
      await slow;
    });
    await expect(lost).rejects.toMatchObject({ cause: { code: '57P01' } });
    await serves(pool);
    expect(await db.$count(users)).toBe(0);
  });

  test('a client whose session ends in a flight with COMMIT is not given to whoever waits for one', async () => {
    const single = poolOf(module, { max: 1 });
    await serves(single);
    let waiting: Promise<pg.QueryResult> | undefined;
    const lost = batchedDrizzle(single).transaction(async (tx) => {
      waiting = single.query('select 1 as n');
      tx.insert(users).values({ name: sql`pg_terminate_backend(pg_backend_pid())::text` });
      tx.insert(users).values({ name: 'Bob' });
    });
    await expect(lost).rejects.toMatchObject({ cause: { code: '57P01' } });
    expect((await waiting)?.rows).toEqual([{ n: 1 }]);
    expect(await db.$count(users)).toBe(0);
  });

  test('an insert on the database whose backend is terminated rejects, and its outcome is told', async () => {
    const blocked = drizzle(poolOf(pg));
    await blocked.transaction(async (tx) => {
      await tx.execute(sql`lock table users in exclusive mode`);
      const lost = expect(db.insert(users).values({ name: 'Ada' })).rejects.toMatchObject({
        cause: { code: '57P01' },
      });
      await sleep(200);
      await tx.execute(
        sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      await lost;
    });
    await serves(pool);
  });

  test('a COMMIT whose answer comes too late has an unknown outcome, and the client is not used again', async () => {
    const slowly = poolOf(module, { query_timeout: 300 });
    await database.connect().unsafe(`
      create or replace function wait() returns trigger language plpgsql as 'begin perform pg_sleep(1); return null; end';
      drop trigger if exists late on users;
      create constraint trigger late after insert on users deferrable initially deferred for each row execute function wait()`);
    const waiting = batchedDrizzle(slowly);
    const lost = waiting.transaction(async (tx) => {
      tx.insert(users).values({ name: 'Ada' });
      tx.insert(users).values({ name: 'Bob' });
    });
    await expect(lost).rejects.toThrow(/commit/);
    const error = await lost.catch((reason) => reason);
    expect(String(error.cause.message)).toMatch(/Query read timeout.*the outcome is unknown/);
    await sleep(2_500);
    // It was committed all the same.
    expect(await db.$count(users)).toBe(2);
    await database.connect().unsafe('drop trigger late on users');
    await serves(slowly);
  });

  test('a client whose answer took too long is closed, and what follows is written', async () => {
    const impatient = poolOf(module, { query_timeout: 200 });
    const late = batchedDrizzle(impatient);
    const slow = late.transaction((tx) => tx.execute(sql`select pg_sleep(0.3)`));
    await expect(slow).rejects.toMatchObject({ cause: { message: 'Query read timeout' } });
    await sleep(300);
    await late.insert(users).values({ name: 'Ada' });
    await impatient.query("insert into users (name) values ('Bob')");
    expect(await db.$count(users)).toBe(2);
  });

  test('a transaction that its callback mends by a rollback to its own savepoint commits', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'Ada' });
      await tx.execute(sql`savepoint mine`);
      await tx
        .insert(users)
        .values({ name: 'Ada' })
        .catch(() => {});
      await tx.execute(sql`select 1 / 0`).catch(() => {});
      await tx.execute(sql`rollback to savepoint mine`);
      await tx.insert(users).values({ name: 'Bob' });
    });
    expect(await db.$count(users)).toBe(2);
  });

  test('a client that is lost before its BEGIN is sent rejects the transaction and goes back to the pool', async () => {
    await serves(pool);
    pool.once('acquire', (client) =>
      process.nextTick(() => client.emit('error', new Error('Connection terminated'))),
    );
    const lost = db.transaction((tx) => tx.insert(users).values({ name: 'Ada' }));
    await expect(lost).rejects.toThrow();
    await serves(pool);
    expect(await db.$count(users)).toBe(0);
  });

  test.each([
    ['nothing', () => undefined],
    ['a statement whose failure it catches', (tx: Tx) => tx.execute(sql`select 1`).catch(() => {})],
    [
      'an insert whose failure it catches',
      (tx: Tx) =>
        tx
          .insert(users)
          .values({ name: 'a' })
          .catch(() => {}),
    ],
  ])(
    'a client that is lost before its BEGIN rejects a transaction whose callback does %s, and ends no process',
    async (_, work) => {
      const unhandled: unknown[] = [];
      const hear = (reason: unknown): void => void unhandled.push(reason);
      await serves(pool);
      let taken: pg.PoolClient | undefined;
      pool.once('acquire', (client) => {
        taken = client;
      });
      process.on('unhandledRejection', hear);
      try {
        const lost = db.transaction(async (tx) => {
          taken?.emit('error', new Error('Connection terminated'));
          await work(tx);
        });
        await expect(lost).rejects.toThrow();
        await sleep(0);
      } finally {
        process.off('unhandledRejection', hear);
      }
      expect(unhandled).toEqual([]);
      await serves(pool);
      expect(await db.$count(users)).toBe(0);
    },
  );

  test('a pool that ends during a transaction lets it end', async () => {
    const ending = new module.Pool({ connectionString: database.url });
    const last = batchedDrizzle(ending);
    let ended: Promise<void> | undefined;
    await last.transaction(async (tx) => {
      tx.insert(users).values({ name: 'Ada' });
      ended = ending.end();
    });
    await ended;
    expect(await db.$count(users)).toBe(1);
  });

  test('a value that can not be written rejects its statement, and nothing else', async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    await db.transaction(async (tx) => {
      const [before, bad, after] = await Promise.allSettled([
        tx.execute(sql`select ${1}::int`),
        tx.execute(sql`select ${circular}::jsonb`),
        tx.execute(sql`select ${2}::int`),
      ]);
      expect([before?.status, bad?.status, after?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      tx.insert(users).values({ name: 'Ada' });
    });
    expect(await db.$count(users)).toBe(1);
    await serves(pool);
  });

  test('a pool whose clients can not connect rejects, and nothing hangs', async () => {
    const url = new URL(database.url);
    url.port = '1';
    const nowhere = batchedDrizzle(poolOf(module, { connectionString: url.href }));
    await expect(nowhere.insert(users).values({ name: 'Ada' })).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    await expect(nowhere.transaction(async () => {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a pool that has ended rejects', async () => {
    const ended = new module.Pool({ connectionString: database.url });
    await ended.end();
    await expect(batchedDrizzle(ended).insert(users).values({ name: 'Ada' })).rejects.toThrow(
      'Cannot use a pool after calling end on the pool',
    );
  });

  test('a stream of the caller is sent in its place, by the client itself', async () => {
    await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'Ada' });
      await tx.flush();
      const { client } = tx._.session as unknown as { client: pg.PoolClient };
      const stream = client.query(new module.Query('select name from users'));
      const found: unknown[] = [];
      stream.on('row', (row) => found.push(row));
      await once(stream, 'end');
      expect(found).toEqual([{ name: 'Ada' }]);
    });
  });
});
