/** Neon's driver, whose WebSockets end at a proxy on this machine. */
import { neonConfig, Pool } from '@neondatabase/serverless';
import { eq, is, sql } from 'drizzle-orm';
import { drizzle, NeonDatabase, NeonTransaction } from 'drizzle-orm/neon-serverless';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import ws from 'ws';
import { BatchedDatabase, batchedDrizzle } from '../../src/neon-serverless.ts';
import { emptyTables } from '../support/counted.ts';
import type { Relay } from '../support/relay.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';
import { startWebSocketProxy, type WebSocketProxy } from '../support/websocket-proxy.ts';

const database = useDatabase();
const pools: Pool[] = [];
let relay: Relay;
let proxy: WebSocketProxy;

beforeAll(async () => {
  relay = await database.relay({ delay: 5 });
  proxy = await startWebSocketProxy(relay.url);
  Object.assign(neonConfig, {
    webSocketConstructor: ws,
    wsProxy: () => proxy.address,
    useSecureWebSocket: false,
    pipelineConnect: false,
    pipelineTLS: false,
  });
});

afterAll(() => proxy.close());

beforeEach(async () => {
  await drizzle(poolOf()).execute(emptyTables());
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

function poolOf(max = 4): Pool {
  const pool = new Pool({ connectionString: database.url, max });
  pools.push(pool);
  return pool;
}

async function trips(work: () => Promise<unknown>): Promise<number> {
  relay.reset();
  await work();
  return relay.trips;
}

const graph = (db: BatchedDatabase, name: string) =>
  db.transaction(async (tx) => {
    for (let user = 0; user < 100; user++) {
      const parent = tx.insert(users).values({ name: `${name} ${user}` });
      for (const each of [1, 2])
        tx.insert(addresses).values({ email: `${name} ${user} ${each}`, userId: parent.ref('id') });
    }
  });

test('is the database of drizzle on Neon', async () => {
  const db = batchedDrizzle({ client: poolOf(), ws });
  expect(db).toBeInstanceOf(BatchedDatabase);
  expect(is(db, NeonDatabase)).toBe(true);
  await db.transaction(async (tx) => expect(is(tx, NeonTransaction)).toBe(true));
  expect(await db.insert(users).values({ name: 'Ada' }).returning()).toEqual([{ id: 1, name: 'Ada' }]);
  const { rowCount, command, rows } = await db.insert(users).values({ name: 'Bob' });
  expect({ rowCount, command, rows }).toEqual({ rowCount: 1, command: 'INSERT', rows: [] });
});

test('a graph of 300 rows is one round trip', async () => {
  const db = batchedDrizzle(poolOf());
  await graph(db, 'first');
  expect(await trips(() => graph(db, 'second'))).toBe(1);
  expect(await db.$count(addresses)).toBe(400);
});

test('statements of one turn are one round trip, and BEGIN travels with the first', async () => {
  const db = batchedDrizzle(poolOf());
  const together = () =>
    db.transaction(async (tx) => {
      await Promise.all(
        Array.from({ length: 50 }, (_, id) => tx.select().from(users).where(eq(users.id, id))),
      );
    });
  await together();
  expect(await trips(together)).toBe(2);
});

test('each insert of a batch fails by itself', async () => {
  const db = batchedDrizzle(poolOf());
  await db.insert(users).values({ name: 'taken' });
  const settled = await Promise.allSettled(
    ['Ada', 'taken', 'Bob'].map((name) => db.insert(users).values({ name })),
  );
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('rows are copied, and loaded', async () => {
  const db = batchedDrizzle(poolOf(), { batch: { copyRows: 20 } });
  await db.transaction(async (tx) => {
    for (let row = 0; row < 30; row++) tx.insert(logs).values({ level: 'info', message: `row ${row}` });
  });
  const rows = Array.from({ length: 25_000 }, (_, row) => ({ level: 'load', message: `row ${row}` }));
  expect(await db.load(logs, rows)).toMatchObject({ rows: 25_000 });
  expect(await db.$count(logs)).toBe(25_030);
});

test('what is logged is as in plain drizzle, as is what fails', async () => {
  const run = async (make: (pool: Pool, config: object) => NeonDatabase) => {
    const texts: string[] = [];
    const db = make(poolOf(), { logger: { logQuery: (text: string) => void texts.push(text) } });
    await db.transaction(async (tx) => {
      await tx.transaction(async (inner) => {
        await inner.execute(sql`select 1`);
      });
    });
    const error = await db.transaction((tx) => tx.execute(sql`select 1/0`)).catch((reason) => reason);
    return {
      texts,
      class: error.constructor.name,
      code: error.cause.code,
      cause: error.cause.constructor.name,
    };
  };
  const plain = await run(drizzle as never);
  expect(plain.code).toBe('22012');
  expect(await run(batchedDrizzle as never)).toEqual(plain);
});

test('a backend that is terminated between two statements rejects the transaction, and no client is lost', async () => {
  const pool = poolOf(1);
  const db = batchedDrizzle(pool);
  const lost = db.transaction(async (tx) => {
    const [row] = (await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)).rows;
    await database.connect()`select pg_terminate_backend(${row?.pid as number})`;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await tx.insert(users).values({ name: 'Ada' });
  });
  await expect(lost).rejects.toMatchObject({ cause: expect.any(Error) });
  expect(await db.$count(users)).toBe(0);
});
