import { once } from 'node:events';
import type { Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, BatchOptions } from '../../src/index.ts';
import { namelessPrograms, programs } from '../support/arbitrary-programs.ts';
import { comparePrograms } from '../support/compare-programs.ts';
import { countedJobs } from '../support/counted-jobs.ts';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import {
  expectNextCall,
  noneOfFlight,
  oneConnection,
  openTransactions,
  queueFlight,
  readFlight,
  settling,
} from '../support/flights.ts';
import { rejectionOf } from '../support/process-events.ts';
import { runCountedJob, type Way } from '../support/run-counted-job.ts';
import { addresses, teams, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';
import { usePooler } from '../support/test-pooler.ts';

// Each test is skipped if PgBouncer is not installed.

const database = useDatabase();
const plainDatabase = useDatabase();
const pooled = usePooler(database, 4);
const pooledAlone = usePooler(database, 1);

let check: Sql;

beforeEach(async () => {
  check = database.connect({ max: 1 });
  await check.unsafe('truncate users, addresses, organizations, teams restart identity cascade');
});

describe('through PgBouncer in transaction mode the trips and the results are those without it:', () => {
  const ways: [string, Way][] = [
    ['a warm connection', {}],
    ['a cold connection', { isCold: true }],
    ...Object.entries(driver.poolerOptions).flatMap(([does, own]): [string, Way][] => [
      [`a client that ${does}`, { options: { own } }],
      [`a cold connection that ${does}`, { options: { own }, isCold: true }],
    ]),
    ['a client that fetches its keys first', { batch: { keys: 'client' } }],
  ];
  const cases = ways.flatMap(([way, how]) => countedJobs.map((job) => ({ name: job.name, way, how, job })));
  test.each(cases)('$name on $way', async ({ job, how }) => {
    const direct = await runCountedJob(database, job, how);
    expect(direct.trips).toBe(how.batch ? job.tripsForKeys : job.trips);
    expect(await runCountedJob(pooled, job, how)).toEqual(direct);
  });
});

const runs = 100;
const of = driver.namesStatements ? namelessPrograms : programs;

test(
  'random programs cannot tell PgBouncer from plain drizzle without it',
  {
    timeout: 30_000 + runs * 500,
  },
  () => comparePrograms(plainDatabase.client({ max: 1 }), pooled.client({ max: 1 }), { runs, seed: 3, of }),
);

test('nor can those whose rows are copied', () =>
  comparePrograms(plainDatabase.client({ max: 1 }), pooled.client({ max: 1 }), {
    runs: 40,
    seed: 4,
    of,
    batch: { copyRows: 1 },
  }));

describe('200 transactions at the same time share 4 connections to the server,', () => {
  const batches: [string, BatchOptions][] = [
    ['with keys kept by the server', {}],
    ['with keys fetched first', { keys: 'client' }],
  ];
  test.each(batches)('%s: each child has its own parent', async (_, batch) => {
    const db = batchedDrizzle(pooled.client({ max: 50 }), { batch });
    const given = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        db.transaction(async (tx) => {
          const user = tx.insert(users).values({ name: `user ${number}` });
          tx.insert(addresses).values({ email: `user ${number}`, userId: user.ref('id') });
          const [row] = await user.returning();
          if (number % 2) await tx.execute(sql`select pg_sleep(0.001)`);
          return row;
        }),
      ),
    );
    expect(given.map((row) => row?.name)).toEqual(Array.from({ length: 200 }, (_, n) => `user ${n}`));
    const wired = await check`
      select u.id, u.name from users u join addresses a on a.user_id = u.id and a.email = u.name`;
    const byId = (one: { id: number } | undefined, other: { id: number } | undefined) =>
      (one?.id ?? 0) - (other?.id ?? 0);
    expect([...(wired as never as { id: number; name: string }[])].sort(byId)).toEqual(given.sort(byId));
    expect(await openTransactions(check)).toEqual([]);
  });
});

test("nothing of a flight is left on the server's connection when PgBouncer hands it on", async () => {
  const left = `select pg_backend_pid() as pid, current_setting('lock_timeout') as lock_timeout,
    current_setting('batched_drizzle.t', true) as token, current_setting('batched_drizzle.k0', true) as keys,
    current_setting('batched_drizzle.r0', true) as reference`;
  const db = batchedDrizzle(pooledAlone.client({ max: 1 }));
  await Promise.all(queueFlight(db, 'before'));
  await db.transaction(async (tx) => void queueFlight(tx, 'of own statements'));
  const [own] = rowsOf(await db.execute(left));
  const [anothers] = await pooledAlone.connect({ max: 1 }).unsafe(left);
  expect(anothers).toEqual({ pid: own?.pid, lock_timeout: '0', token: '', keys: '', reference: '' });
});

/** A client of one connection, and what settles when its last socket has closed. */
function watchedClient() {
  let closed: Promise<unknown> | undefined;
  const onSocket = (socket: Socket) => {
    closed = once(socket, 'close').catch(() => {});
  };
  return { client: pooled.client({ ...oneConnection, onSocket }), closed: async () => closed };
}

describe('what befalls the connection between PgBouncer and the server rejects properly, and the next call is served:', () => {
  const ways: Record<string, (db: BatchedDatabase, name: string) => Promise<unknown>> = {
    'whose COMMIT is on its way': (db, name) => db.transaction(async (tx) => void queueFlight(tx, name)),
    'that flushes by hand': (db, name) =>
      db.transaction(async (tx) => {
        queueFlight(tx, name);
        await tx.flush();
      }),
  };
  const cases = (['cancelled', 'killed'] as const).flatMap((fate) =>
    Object.keys(ways).flatMap((way) =>
      (['server', 'client'] as const).map((keys) => ({ fate, way, batch: { keys } })),
    ),
  );

  test.each(cases)('a transaction $way, $fate while it waits for a lock, $batch', async (given) => {
    const { fate, way, batch } = given;
    const { client, closed } = watchedClient();
    const db = batchedDrizzle(client, { batch });
    const write = ways[way] as (typeof ways)[string];
    await write(db, 'before');
    const outcome = await check.begin(async (lock) => {
      await lock`lock table teams in share mode`;
      const writing = settling(write(db, 'struck'), `a flight that is ${fate}`);
      await strikeWaiting(fate);
      return writing;
    });
    expect(outcome.status).toBe('rejected');
    const { reason } = outcome as PromiseRejectedResult;
    if (fate === 'cancelled') expect(codesOf(reason)).toContain('57014');
    // With keys on the client the first flight takes them and the locks, and COMMIT leaves with the second.
    else if (way === 'that flushes by hand' || batch.keys === 'client' || driver.knowsKilled)
      expect(String(reason.message)).not.toMatch(/unknown/);
    else expect(String(reason.message)).toMatch(/unknown/);
    expect(await readFlight(check, 'struck')).toEqual(noneOfFlight);
    // PgBouncer closes the client's connection with the server's. Statements that are sent before are lost
    // with it.
    if (fate === 'killed') await closed();
    await servesNextCall(db);
  });

  test('one row alone, behind one that was killed, is sent on the next connection', async () => {
    const { client, closed } = watchedClient();
    const db = batchedDrizzle(client);
    const write = (name: string) => db.insert(teams).values({ name, organizationId: 1 });
    await check`insert into organizations (id, name) values (1, 'known')`;
    const struck = await check.begin(async (lock) => {
      await lock`lock table teams in share mode`;
      const writing = settling(write('struck'), 'a row');
      await strikeWaiting('killed');
      return writing;
    });
    expect(struck.status).toBe('rejected');
    await closed();
    await write('next');
    expect(await check`select name from teams`).toEqual([{ name: 'next' }]);
  });

  test('a transaction whose connection is killed while it idles', async () => {
    const { client, closed } = watchedClient();
    const db = batchedDrizzle(client);
    const writing = db.transaction(async (tx) => {
      const [known] = rowsOf(await tx.execute<{ pid: number }>('select pg_backend_pid() as pid'));
      await Promise.all(queueFlight(tx, 'struck'));
      await check`select pg_terminate_backend(${known?.pid ?? 0}, 5000)`;
      // Of what is sent before the client has heard of it, the outcome is unknown to it.
      await closed();
      queueFlight(tx, 'struck late');
    });
    expect((await rejectionOf(writing)).message).not.toMatch(/unknown/);
    for (const name of ['struck', 'struck late']) {
      expect(await readFlight(check, name)).toEqual(noneOfFlight);
    }
    await servesNextCall(db);
  });

  test('a batch of the database, whose connection is killed before it', async () => {
    const db = batchedDrizzle(pooledAlone.client({ max: 1 }));
    const [known] = rowsOf(await db.execute<{ pid: number }>('select pg_backend_pid() as pid'));
    await check`select pg_terminate_backend(${known?.pid ?? 0}, 5000)`;
    await servesNextCall(db);
  });

  async function strikeWaiting(fate: 'cancelled' | 'killed'): Promise<void> {
    const watch = database.connect({ max: 1 });
    const strike = fate === 'cancelled' ? 'pg_cancel_backend' : 'pg_terminate_backend';
    const waits = `select ${strike}(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await watch.unsafe(waits)).length).toBe(1);
  }

  const servesNextCall = (db: BatchedDatabase) =>
    expectNextCall(check, (name) => Promise.all(queueFlight(db, name)));
});
