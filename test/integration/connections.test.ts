/** Which connections a transaction gets, and that nobody else gets them meanwhile. */
import net from 'node:net';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BatchedDatabase, batchedDrizzle } from '../../src/index.ts';
import { severalBlocks, times } from '../support/copies.ts';
import { emptyTables } from '../support/counted.ts';
import { codesOf } from '../support/error-codes.ts';
import { openTransactions, settling } from '../support/flights.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, organizations } from '../support/schema.ts';
import { type ClientOptions, useDatabase } from '../support/test-database.ts';
import { startThrottledRelay } from '../support/throttled-relay.ts';

const database = useDatabase();
const admin = database.connect({ max: 1 });
const check = drizzle(admin);

beforeEach(() => check.execute(emptyTables()));

/** postgres.js does not declare the option. */
const pool = (max: number, max_pipeline: number) => ({ max, max_pipeline }) as ClientOptions;

const log = (message: string) => ({ level: 'info', message });

/** Occupies a connection with so many statements. */
function occupy(client: Sql, count: number): Promise<unknown> {
  return Promise.all(
    times(count, (n) => client.unsafe(n === 0 ? 'select pg_sleep(0.1)' : 'select 1').execute()),
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
      const client = database.connect(pool(max, max_pipeline));
      const db = batchedDrizzle(client);
      await client`select 1`;
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
        await client`insert into logs (level, message) values ('info', 'of the client')`;
        expect(await openTransactions(admin)).toEqual([]);
      }
      expect(await check.$count(logs)).toBe(7 * 4);
    },
  );

  test('a transaction gets its turn beside callers that never pause', async () => {
    for (const callers of [1, 2, 3, 4]) {
      const client = database.connect(pool(1, 1));
      const db = batchedDrizzle(client);
      await client`select 1`;
      let isOver = false;
      const calling = times(callers, async () => {
        while (!isOver) await client`select 1`;
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

  test('a transaction that is refused its connection rejects, and holds none later', async () => {
    const client = database.connect(pool(1, 1));
    const db = batchedDrizzle(client);
    await client`select 1`;
    const busy = occupy(client, 2).catch(() => {});
    const begun = rejectionOf(db.transaction(async (tx) => tx.execute(sql`select 1`)));
    const ending = client.end({ timeout: 0 });
    expect(codesOf(await begun)).toContainEqual(expect.stringMatching(/^CONNECTION_/));
    await Promise.all([busy, ending]);
    await expect.poll(() => openTransactions(admin)).toEqual([]);
  });

  test('a client whose max_pipeline lets nothing through gets an error, and no open transaction', async () => {
    const db = batchedDrizzle(database.connect(pool(1, 0)));
    const error = await rejectionOf(db.transaction(async (tx) => tx.execute(sql`select 1`)));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_CLIENT' });
    expect(await openTransactions(admin)).toEqual([]);
  });
});

describe('a connection that is held', () => {
  test('never joins the pool when its socket drains, and the others keep their order', async () => {
    const sockets: net.Socket[] = [];
    const socket = ({ host: [host], port: [port] }: { host: string[]; port: number[] }) => {
      const made = net.connect(port as number, host as string);
      sockets.push(made);
      return Object.assign(made, { host, port });
    };
    const client = database.connect({ max: 1, socket } as object);
    const db = batchedDrizzle(client);
    const answered: string[] = [];
    const others: Promise<unknown>[] = [];
    await db
      .transaction(async (tx) => {
        await tx.insert(logs).values(log('mine'));
        sockets[0]?.emit('drain');
        others.push(
          ...['first', 'second'].map((name) =>
            client`insert into logs (level, message) values ('other', ${name})`.then(() =>
              answered.push(name),
            ),
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
    const client = database.connect({ max: 1, backoff: () => 0.01 });
    const db = batchedDrizzle(client);
    for (let n = 0; n < 3; n++) {
      await rejectionOf(
        db.transaction(async (tx) => {
          await tx.insert(logs).values(log('lost'));
          await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
        }),
      );
      // postgres.js rejects the first query of the new session with the error of the one before.
      await settling(client`select 1`, 'the first statement');
      expect(await settling(client`select 1`, 'the second one')).toMatchObject({ status: 'fulfilled' });
    }
    expect(await check.$count(logs)).toBe(0);
  });

  /** What others ask of the pool while the transaction, whose COPY is refused, is still open. */
  const others: Record<string, (db: BatchedDatabase, client: Sql) => Promise<unknown>> = {
    insert: async (db) => db.insert(logs).values(log('other')),
    'begin a transaction': (db) => db.transaction(async (tx) => void tx.insert(logs).values(log('other'))),
    'send a statement': (_, client) => client`insert into logs (level, message) values ('other', '')`,
    'reserve a connection': async (_, client) => {
      const reserved = await client.reserve();
      await reserved`insert into logs (level, message) values ('other', '')`;
      reserved.release();
    },
  };

  test.each(Object.entries(others))(
    'stays held after a refused COPY whose data still wait in the socket, while others %s',
    async (_, ask) => {
      const relay = await startThrottledRelay(database.url);
      const client = database.connect({ url: relay.url, max: 1 });
      const db = batchedDrizzle(client, { batch: { copyRows: 10 } });
      await client`select 1`;
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
      await client.end({ timeout: 1 });
      await relay.close();
    },
  );
});
