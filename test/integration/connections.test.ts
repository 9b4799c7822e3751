/** Which connections a transaction gets, and that nobody else gets them meanwhile. */
import type { Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { severalBlocks, times } from '../support/copies.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import type { Client, ClientOptions } from '../support/drivers/driver.ts';
import { codesOf } from '../support/error-codes.ts';
import { openTransactions, settling } from '../support/flights.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';
import { startThrottledRelay } from '../support/throttled-relay.ts';

const database = useDatabase();
const admin = database.connect({ max: 1 });
const check = drizzle(database.client({ max: 1 }));

beforeEach(() => check.execute(emptyTables()));

const pool = (max: number, max_pipeline: number): ClientOptions => ({ max, max_pipeline });

const log = (message: string) => ({ level: 'info', message });

/** Occupies a connection with so many statements. */
function occupy(client: Client, count: number): Promise<unknown> {
  return Promise.all(
    times(count, (n) => driver.query(client, n === 0 ? 'select pg_sleep(0.1)' : 'select 1')),
  );
}

describe('behind max_pipeline statements on its connection', () => {
  const pipelines = [1, 2, 100].flatMap((max_pipeline) => [
    { max: 1, max_pipeline },
    { max: 2, max_pipeline },
  ]);

  test.each(pipelines)(
    'inserts and transactions succeed, and no transaction stays open, with %o',
    async ({ max, max_pipeline }) => {
      const client = database.client(pool(max, max_pipeline));
      const db = batchedDrizzle(client);
      await driver.query(client, 'select 1');
      for (const more of [-2, -1, 0, 1]) {
        const outstanding = Math.max(max_pipeline + more, 1);
        const busy = occupy(client, outstanding * max);
        await Promise.all([
          ...times(3, (n) => db.insert(logs).values(log(`insert ${n}`))),
          db.transaction(async (tx) => void tx.insert(logs).values(log('queued'))),
          db.transaction(async (tx) => {
            await tx.insert(logs).values(log('awaited'));
            await tx.execute(sql`select 1`);
          }),
          busy,
        ]);
        await db.insert(logs).values(log('later'));
        await driver.query(client, "insert into logs (level, message) values ('info', 'of the client')");
        expect(await openTransactions(admin)).toEqual([]);
      }
      expect(await check.$count(logs)).toBe(7 * 4);
    },
  );

  test('a transaction gets its turn beside callers that never pause', async () => {
    for (const callers of [1, 2, 3, 4]) {
      const client = database.client(pool(1, 1));
      const db = batchedDrizzle(client);
      await driver.query(client, 'select 1');
      let isOver = false;
      const calling = times(callers, async () => {
        while (!isOver) await driver.query(client, 'select 1');
      });
      const transactions = times(5, () =>
        db.transaction(async (tx) => {
          await tx.execute(sql`select 1`);
          tx.insert(logs).values(log('in its turn'));
        }),
      );
      const settled = await settling(Promise.all(transactions), 'a transaction among others');
      isOver = true;
      await Promise.all(calling);
      expect(settled).toMatchObject({ status: 'fulfilled' });
    }
    expect(await check.$count(logs)).toBe(4 * 5);
  });

  test.runIf(driver.refusesWaiting)(
    'a transaction that is refused its connection rejects, and holds none later',
    async () => {
      const client = database.client(pool(1, 1));
      const db = batchedDrizzle(client);
      const [session] = await driver.query(client, 'select pg_backend_pid() as pid');
      const busy = occupy(client, 2).catch(() => {});
      const begun = rejectionOf(db.transaction(async (tx) => tx.execute(sql`select 1`)));
      const ending = driver.end(client, 0);
      expect(codesOf(await begun)).toContainEqual(expect.stringMatching(/^CONNECTION_/));
      await Promise.all([busy, ending]);
      // The server ends the session behind its statement, which may not even have begun: it would be found by the next test.
      await expect
        .poll(() => admin`select state from pg_stat_activity where pid = ${session?.pid as number}`)
        .toEqual([]);
      expect(await openTransactions(admin)).toEqual([]);
    },
  );

  test.runIf(driver.describes)(
    'a client whose max_pipeline lets nothing through gets an error, and no open transaction',
    async () => {
      const db = batchedDrizzle(database.client(pool(1, 0)));
      const error = await rejectionOf(db.transaction(async (tx) => tx.execute(sql`select 1`)));
      expect(error).toMatchObject({ code: 'UNSUPPORTED_CLIENT' });
      expect(await openTransactions(admin)).toEqual([]);
    },
  );
});

describe('a connection that is held', () => {
  test('never joins the pool when its socket drains, and the others keep their order', async () => {
    const sockets: Socket[] = [];
    const client = database.client({ max: 1, onSocket: (socket) => sockets.push(socket) });
    const db = batchedDrizzle(client);
    const answered: string[] = [];
    const others: Promise<unknown>[] = [];
    await db
      .transaction(async (tx) => {
        await tx.insert(logs).values(log('mine'));
        sockets[0]?.emit('drain');
        others.push(
          ...['first', 'second'].map((name) =>
            driver
              .query(client, `insert into logs (level, message) values ('other', '${name}')`)
              .then(() => answered.push(name)),
          ),
        );
        others.push(db.transaction(async (other) => void (await other.insert(logs).values(log('third')))));
        await new Promise(setImmediate);
        sockets[0]?.emit('drain');
        await tx.execute(sql`select pg_sleep(0.02)`);
        sockets[0]?.emit('drain');
        await tx.execute(sql`select 1`);
        expect(answered).toEqual([]);
        tx.rollback();
      })
      .catch(() => {});
    await Promise.all(others);
    expect(answered).toEqual(['first', 'second']);
    expect(await admin`select message from logs`).toEqual(
      ['first', 'second', 'third'].map((message) => ({ message })),
    );
    expect(await openTransactions(admin)).toEqual([]);
  });

  test('serves the pool again after a loss', async () => {
    const client = database.client({ max: 1, backoff: () => 0.01 });
    const db = batchedDrizzle(client);
    for (let n = 0; n < 3; n++) {
      await rejectionOf(
        db.transaction(async (tx) => {
          await tx.insert(logs).values(log('lost'));
          await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
        }),
      );
      // postgres.js rejects the first query of the new session with the error of the one before.
      await settling(driver.query(client, 'select 1'), 'the first statement');
      expect(await settling(driver.query(client, 'select 1'), 'the second one')).toMatchObject({
        status: 'fulfilled',
      });
    }
    expect(await check.$count(logs)).toBe(0);
  });

  /** What others ask of the pool while the transaction, whose COPY is refused, is still open. */
  const others: Record<string, (db: BatchedDatabase, client: Client) => Promise<unknown>> = {
    insert: async (db) => db.insert(logs).values(log('other')),
    'begin a transaction': (db) => db.transaction(async (tx) => void tx.insert(logs).values(log('other'))),
    'send a statement': (_, client) =>
      driver.query(client, "insert into logs (level, message) values ('other', '')"),
    'reserve a connection': async (_, client) => {
      const release = await driver.hold(client);
      await admin`insert into logs (level, message) values ('other', '')`;
      await release();
    },
  };

  test.each(Object.entries(others))(
    'stays held after a refused COPY whose data still wait in the socket, while others %s',
    async (_, ask) => {
      const relay = await startThrottledRelay(database.url);
      const client = database.client({ url: relay.url, max: 1 });
      const db = batchedDrizzle(client, { batch: { copyRows: 10 } });
      await driver.query(client, 'select 1');
      const rows = times(severalBlocks, (n) => ({ id: Math.max(n, 1), name: 'x'.repeat(1_000) }));
      const asked: Promise<unknown>[] = [];
      await db
        .transaction(async (tx) => {
          await tx.execute(sql`select 1`);
          expect(codesOf(await rejectionOf(tx.insert(organizations).values(rows)))).toContain('23505');
          for (let n = 0; n < 3; n++) {
            asked.push(ask(db, client));
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          throw new Error('given up');
        })
        .catch(() => {});
      const settled = await settling(Promise.all(asked), 'what others asked');
      expect(settled).toMatchObject({ status: 'fulfilled' });
      expect(await check.$count(logs)).toBe(3);
      expect(await openTransactions(admin)).toEqual([]);
      await driver.end(client);
      await relay.close();
    },
  );
});
