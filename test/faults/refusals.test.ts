import { randomBytes } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { codesOf } from '../support/error-codes.ts';
import {
  allOfFlight,
  expectNextCall,
  noneOfFlight,
  oneConnection,
  openTransactions,
  queueFlight,
  queueSharedFlight,
  readFlight,
  rowsOfFlight,
  settling,
} from '../support/flights.ts';
import { endsDuring, rejectionOf } from '../support/process-events.ts';
import { hopes, makeRefusingTables, promises, wishes } from '../support/refusing-tables.ts';
import { organizations, teams } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const role = `batched_drizzle_${randomBytes(6).toString('hex')}`;

const check = database.connect({ max: 1 });
let client: Client;
let db: BatchedDatabase;
let flights = 0;

beforeAll(async () => {
  await makeRefusingTables(check);
  await check.unsafe(`
    create role ${role} login password 'none' connection limit 1;
    grant insert, select on organizations to ${role}; grant usage on all sequences in schema public to ${role}`);
});
afterAll(() => check.unsafe(`drop owned by ${role}; drop role ${role}`));
beforeEach(async () => {
  await check`truncate wishes, hopes, promises`;
  client = database.client(oneConnection);
  db = batchedDrizzle(client);
});

const servesNextCall = () =>
  expectNextCall(check, (name) => db.transaction(async (tx) => void queueFlight(tx, name)));

async function countHopes(): Promise<number> {
  return (await check`select 1 from hopes`).length;
}

async function countWishes(): Promise<number> {
  return (await check`select 1 from wishes`).length;
}

describe('a flight that fails writes nothing, is told why, and leaves the pool as it was:', () => {
  const codes = {
    'the disk is full': '53100',
    'memory is out': '53200',
    'a privilege is missing': '42501',
    'a transaction beside it': '40001',
    'a deadlock': '40P01',
    'the server is about to stop': '57P01',
    'an internal error': 'XX000',
  };
  test.each(Object.entries(codes))('%s (%s), in a transaction', async (_, code) => {
    for (const queue of [queueFlight, queueSharedFlight]) {
      const name = `flight ${flights++}`;
      const writing = db.transaction(async (tx) => {
        queue(tx, name);
        tx.insert(wishes).values([{ wish: 'fine' }, { wish: code }]);
      });
      expect(codesOf(await rejectionOf(writing))).toContain(code);
      expect(await readFlight(check, name)).toEqual(noneOfFlight);
      expect(await countWishes()).toBe(0);
      await servesNextCall();
    }
  });

  const toldOf = (settled: readonly PromiseSettledResult<unknown>[]) =>
    settled.map((each) => (each.status === 'fulfilled' ? 'written' : codesOf(each.reason).at(-1)));

  const cannotBeSplit = new Set(['53100', '53200', '57P01']);
  test.each(Object.entries(codes))('%s (%s), outside, if sharing is proved', async (_, code) => {
    const relay = await database.faultRelay();
    relay.translate('22012', code);
    const refused = batchedDrizzle(database.client({ ...oneConnection, url: relay.url }));
    const settled = await Promise.allSettled(
      ['fine', 'refused', 'as well', 'too'].map((wish) => refused.insert(hopes).values({ wish })),
    );
    const [others, rows] = cannotBeSplit.has(code) ? [code, 0] : ['written', 3];
    expect(toldOf(settled)).toEqual([others, code, others, others]);
    expect(await countHopes()).toBe(rows);
    await expectNextCall(check, (name) => refused.transaction(async (tx) => void queueFlight(tx, name)));
  });

  test.each(Object.entries(codes))('%s (%s), outside, if sharing is not proved', async (_, code) => {
    const settled = await Promise.allSettled(
      ['fine', code, 'as well'].map((wish) => db.insert(wishes).values({ wish })),
    );
    expect(toldOf(settled)).toEqual(['written', code, 'written']);
    expect(await countWishes()).toBe(2);
    await servesNextCall();
  });
});

describe('a role that may not write one of the tables', () => {
  test('writes none in a transaction, and each it may outside', async () => {
    const url = new URL(database.url);
    url.username = role;
    url.password = 'none';
    const limited = database.client({ ...oneConnection, url: url.href });
    const restricted = batchedDrizzle(limited);
    const name = `flight ${flights++}`;
    const inTransaction = restricted.transaction(async (tx) => void queueFlight(tx, name));
    expect(codesOf(await rejectionOf(inTransaction))).toContain('42501');
    expect(await readFlight(check, name)).toEqual(noneOfFlight);

    const [parents, children] = await Promise.allSettled(queueFlight(restricted, name));
    expect(parents.status).toBe('fulfilled');
    expect(codesOf((children as PromiseRejectedResult).reason)).toContain('42501');
    expect(await readFlight(check, name)).toEqual({ parents: rowsOfFlight, children: 0 });
    await driver.end(limited);
  });

  test('and has no connection left is refused BEGIN, and served when one is free', async () => {
    const url = new URL(database.url);
    url.username = role;
    url.password = 'none';
    const first = database.connect({ ...oneConnection, url: url.href });
    await first`select 1`;
    const second = batchedDrizzle(database.client({ ...oneConnection, url: url.href }));
    const write = () =>
      second.transaction(async (tx) => void tx.insert(organizations).values({ name: role }));
    expect(codesOf(await rejectionOf(write()))).toContain('53300');
    const outside = rejectionOf(Promise.all(queueFlight(second, role)));
    expect(codesOf(await outside)).toContain('53300');
    await first.end();
    await expect.poll(() => write().then(() => 'served', String)).toBe('served');
    expect((await readFlight(check, role)).parents).toBe(1);
  });
});

describe('statement_timeout', () => {
  const naps = Array.from({ length: 20 }, () => ({ wish: 'nap' }));

  beforeEach(() => {
    client = database.client({ ...oneConnection, connection: { statement_timeout: 250 } });
    db = batchedDrizzle(client);
  });

  /** So many that they share statements, and take far longer than the timeout together. */
  const slow = Array.from({ length: 400 }, (_, number) => ({ wish: `${number % 10}` }));

  test('hits a statement that entries of a transaction share as a whole', async () => {
    // The question for facts has its time, so that rows do share a statement.
    await db.execute('set statement_timeout = 0');
    await Promise.all(['known', 'from now on'].map((wish) => db.insert(hopes).values({ wish })));
    await db.execute('reset statement_timeout');
    const writing = db.transaction(async (tx) => {
      for (const hope of slow) tx.insert(hopes).values(hope);
    });
    expect(codesOf(await rejectionOf(writing))).toContain('57014');
    expect(await countHopes()).toBe(2);
    await servesNextCall();
  });

  test('is that of each own statement of a transaction, as in drizzle', async () => {
    await db.transaction(async (tx) => {
      for (const nap of naps) tx.insert(wishes).values(nap);
    });
    expect(await countWishes()).toBe(naps.length);
    const writing = db.transaction(async (tx) => {
      tx.insert(wishes).values({ wish: 'fine' });
      tx.insert(wishes).values(naps);
    });
    expect(codesOf(await rejectionOf(writing))).toContain('57014');
    expect(await countWishes()).toBe(naps.length);
    await servesNextCall();
  });

  test('that only the batch exceeds is not noticed outside, where it is split', async () => {
    await Promise.all(slow.map((hope) => db.insert(hopes).values(hope)));
    expect(await countHopes()).toBe(slow.length);
    await Promise.all(naps.map((nap) => db.insert(wishes).values(nap)));
    expect(await countWishes()).toBe(naps.length);
    await servesNextCall();
  });

  test('that one insert exceeds fails that insert alone', async () => {
    const settled = await Promise.allSettled([
      db.insert(wishes).values({ wish: 'fine' }),
      db.insert(wishes).values(naps),
      db.insert(wishes).values({ wish: 'as well' }),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(codesOf((settled[1] as PromiseRejectedResult).reason)).toContain('57014');
    expect(await countWishes()).toBe(2);
    await servesNextCall();
  });
});

describe('COMMIT', () => {
  const ofCommit = (error: Error) => driver.unwrapped(error, /^commit$/);

  test('that finds a deferred constraint violated rejects with its error, and nothing stands', async () => {
    const writing = db.transaction(
      async (tx) => void tx.insert(promises).values([{ owedTo: null }, { owedTo: -1 }]),
    );
    expect(ofCommit(await rejectionOf(writing))).toMatchObject({ code: '23503' });
    expect(await check`select 1 from promises`).toHaveLength(0);
    await servesNextCall();
  });

  test('of a batch that finds one fails only the insert that violates it', async () => {
    const settled = await Promise.allSettled([
      db.insert(promises).values({ owedTo: null }),
      db.insert(promises).values({ owedTo: -1 }),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(codesOf((settled[1] as PromiseRejectedResult).reason)).toContain('23503');
    expect(await check`select owed_to from promises`).toEqual([{ owed_to: null }]);
    await servesNextCall();
  });

  test('that is cancelled late rejects with 57014, and nothing stands', async () => {
    const writing = db.transaction(async (tx) => {
      const [row] = await tx.insert(promises).values({}).returning();
      await tx
        .update(promises)
        .set({ isSlow: true })
        .where(eq(promises.id, row?.id ?? 0));
      tx.insert(wishes).values({ wish: 'late' });
    });
    const error = rejectionOf(writing);
    const cancel = () => check<{ cancelled: boolean }[]>`
      select pg_cancel_backend(pid) as cancelled from pg_stat_activity
      where datname = current_database() and query = 'commit' and state = 'active'`;
    await expect.poll(cancel).toEqual([{ cancelled: true }]);
    expect(ofCommit(await error)).toMatchObject({ code: '57014' });
    expect(await check`select 1 from promises`).toHaveLength(0);
    expect(await countWishes()).toBe(0);
    await servesNextCall();
  });

  test('that fails to serialize rejects with 40001, and nothing stands', async () => {
    await check`insert into wishes (wish) values ('read')`;
    const beside = database.connect({ max: 1 });
    const writing = db.transaction(
      async (tx) => {
        await tx.select().from(wishes);
        await beside.begin('isolation level serializable', async (other) => {
          await other`select * from wishes`;
          await other`insert into wishes (wish) values ('beside')`;
        });
        tx.insert(wishes).values({ wish: 'here' });
      },
      { isolationLevel: 'serializable' },
    );
    expect(codesOf(await rejectionOf(writing))).toContain('40001');
    expect(await check`select wish from wishes order by id`).toEqual([{ wish: 'read' }, { wish: 'beside' }]);
    await servesNextCall();
  });
});

test('a callback that throws with inserts pending rejects them with its error, and nothing stands', async () => {
  const name = `flight ${flights++}`;
  const enough = new Error('enough');
  const pending: PromiseLike<unknown>[] = [];
  const ends = await endsDuring(async () => {
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        queueFlight(tx, name);
        await tx.flush();
        pending.push(...queueFlight(tx, name));
        throw enough;
      }),
    );
    expect(error).toBe(enough);
  });
  expect(ends).toEqual([]);
  for (const insert of pending) expect(await rejectionOf(insert)).toBe(enough);
  expect(await readFlight(check, name)).toEqual(noneOfFlight);
  await servesNextCall();
});

test('a pool of one connection serves 200 concurrent transactions, and the batches beside them', async () => {
  const names = Array.from({ length: 200 }, (_, number) => `crowd ${number}`);
  const crowd = names.flatMap((name, number) => [
    db.transaction(async (tx) => {
      const [parents] = queueFlight(tx, name);
      if (number % 2) await parents;
      await tx.select().from(teams).where(eq(teams.name, name));
    }),
    Promise.all(queueFlight(db, `${name} outside`)),
    db.execute(sql`select 1`),
  ]);
  const settled = await Promise.all(crowd.map((each) => settling(each, 'one of a crowd', 25_000)));
  expect(new Set(settled.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  for (const name of names) {
    expect(await readFlight(check, name)).toEqual(allOfFlight);
    expect(await readFlight(check, `${name} outside`)).toEqual(allOfFlight);
  }
  await servesNextCall();
});

const isEnded = (error: unknown): boolean =>
  error instanceof Error && (driver.saysEnded(error) || isEnded(error.cause));

describe('client.end()', () => {
  test('with rows queued rejects them when they are flushed, and writes none', async () => {
    const name = `flight ${flights++}`;
    const queued = queueFlight(db, name);
    await driver.close(client);
    expect(isEnded(await rejectionOf(db.flush()))).toBe(true);
    for (const insert of queued) expect(isEnded(await rejectionOf(insert))).toBe(true);
    expect(await readFlight(check, name)).toEqual(noneOfFlight);
  });

  test('with rows awaited in the same turn settles them', async () => {
    const name = `flight ${flights++}`;
    const inserts = queueFlight(db, name).map((insert) => settling(insert, 'an insert'));
    await settling(driver.close(client), 'end()');
    const settled = await Promise.all(inserts);
    const { parents, children } = await readFlight(check, name);
    const statuses = [parents, children].map((count) => (count === 0 ? 'rejected' : 'fulfilled'));
    expect(settled.map(({ status }) => status)).toEqual(statuses);
  });

  test('waits for a transaction that is open, which commits', async () => {
    const name = `flight ${flights++}`;
    let end: Promise<unknown> | undefined;
    await db.transaction(async (tx) => {
      await Promise.all(queueFlight(tx, `${name} before`));
      end = driver.close(client);
      queueFlight(tx, name);
    });
    expect(await settling(end as Promise<unknown>, 'end()')).toMatchObject({ status: 'fulfilled' });
    expect(await readFlight(check, name)).toEqual(allOfFlight);
  });

  test('that waits no longer rejects a transaction that is open, and nothing of it stands', async () => {
    const name = `flight ${flights++}`;
    const open = db.transaction(async (tx) => {
      await Promise.all(queueFlight(tx, name));
      await driver.end(client, 0);
      queueFlight(tx, name);
    });
    expect(await settling(open, 'the transaction')).toMatchObject({ status: 'rejected' });
    await expect.poll(() => openTransactions(check)).toEqual([]);
    expect(await readFlight(check, name)).toEqual(noneOfFlight);
  });

  test('settles when the connection of an open transaction is lost', async () => {
    let end: Promise<unknown> | undefined;
    const open = db.transaction(async (tx) => {
      const [known] = rowsOf(await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`));
      end = settling(driver.close(client), 'end()');
      await check`select pg_terminate_backend(${known?.pid ?? 0}, 5000)`;
      await end;
    });
    expect(await settling(open, 'the transaction')).toMatchObject({ status: 'rejected' });
    expect(await end).toMatchObject({ status: 'fulfilled' });
  });
});

test('an insert behind the loss of its connection rejects with what the driver says of that, as a select does', async () => {
  const closed = driver.closed(client);
  let calls: PromiseSettledResult<unknown>[] = [];
  let isOver: Promise<void> | undefined;
  const open = db.transaction((tx) => {
    const work = async () => {
      const [known] = rowsOf(await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`));
      await check`select pg_terminate_backend(${known?.pid ?? 0}, 5000)`;
      await closed;
      const insert = () => tx.insert(organizations).values({ name: 'late' });
      calls = await Promise.allSettled([
        tx.select().from(organizations),
        insert(),
        Promise.all([insert(), insert()]),
        tx.transaction((nested) => nested.insert(organizations).values({ name: 'late' })),
      ]);
    };
    isOver = work();
    return isOver;
  });
  expect(await settling(open, 'the transaction')).toMatchObject({ status: 'rejected' });
  await isOver;
  const codes = calls.map((call) => codesOf((call as PromiseRejectedResult).reason));
  expect(codes[0]).toHaveLength(1);
  expect(codes).toEqual(calls.map(() => codes[0]));
});
