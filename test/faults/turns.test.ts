import type { Socket } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import type { FaultRelay } from '../support/fault-relay.ts';
import {
  allOfFlight,
  noneOfFlight,
  oneConnection,
  queueFlight,
  readFlight,
  settling,
} from '../support/flights.ts';
import { organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

// If postgres.js writes after a socket has ended and before it notices that, it keeps the queries for the
// next session.

const database = useDatabase();

const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;
let socket: Socket;
let flights = 0;

beforeEach(async () => {
  relay = await database.faultRelay();
  db = batchedDrizzle(connect());
  await db.transaction(async (tx) => void queueFlight(tx, 'known'));
});

function connect(): Client {
  const onSocket = (opened: Socket) => {
    socket = opened;
  };
  return database.client({ ...oneConnection, url: relay.url, onSocket });
}

const ways = { close: 'end', reset: 'error' } as const;

describe.each(['close', 'reset'] as const)('in the turn in which its connection goes down (%s)', (how) => {
  /** The outcome of `work`, which begins when the socket's end is noticed. */
  const atItsEnd = (work: () => Promise<unknown>): Promise<PromiseSettledResult<unknown>> => {
    const working = new Promise((resolve, reject) => {
      socket.once(ways[how], () => work().then(resolve, reject));
    });
    relay.cutOne((count) => count - 1, how);
    return settling(working, 'what began at the end of the socket');
  };

  const servesNextCall = async (on = db): Promise<void> => {
    const name = `flight ${flights++}`;
    const next = on.transaction(async (tx) => void queueFlight(tx, name));
    expect(await settling(next, 'the next call')).toMatchObject({ status: 'fulfilled' });
    expect(await readFlight(check, name)).toEqual(allOfFlight);
  };

  test('a batch settles, and the connection is not lost to the pool', async () => {
    await atItsEnd(() => Promise.all(queueFlight(db, 'lost')));
    await servesNextCall();
  });

  test('an insert by itself settles, and the connection is not lost to the pool', async () => {
    const name = `flight ${flights++}`;
    const { status } = await atItsEnd(async () => db.insert(organizations).values({ name }));
    expect((await readFlight(check, name)).parents).toBe(status === 'fulfilled' ? 1 : 0);
    await servesNextCall();
  });

  test('an insert by itself that is flushed at once settles, and the connection is not lost to the pool', async () => {
    const name = `flight ${flights++}`;
    // On a connection that has not had a transaction yet.
    const other = batchedDrizzle(connect());
    await other.insert(organizations).values({ name: 'known' });
    const { status } = await atItsEnd(() => {
      other.insert(organizations).values({ name });
      return other.flush();
    });
    expect((await readFlight(check, name)).parents).toBe(status === 'fulfilled' ? 1 : 0);
    await servesNextCall(other);
  });

  test('so does one that is described, by the next call at the latest, and does not take its start for an answer', async () => {
    const name = `flight ${flights++}`;
    const other = batchedDrizzle(connect(), { batch: { parameters: 'describe' } });
    await other.insert(organizations).values({ name: 'known' });
    const flushed = atItsEnd(() => {
      other.insert(organizations).values({ name });
      return other.flush();
    });
    await new Promise((closed) => socket.once('close', closed));
    await servesNextCall(other);
    const { status } = await flushed;
    expect((await readFlight(check, name)).parents).toBe(status === 'fulfilled' ? 1 : 0);
  });

  test('an insert of a transaction rejects, and the connection is not lost to the pool', async () => {
    const idle = db.transaction(async (tx) => {
      await Promise.all(queueFlight(tx, 'lost too'));
      expect(await atItsEnd(() => Promise.all(queueFlight(tx, 'lost too')))).toMatchObject({
        status: 'rejected',
      });
    });
    expect(await settling(idle, 'the transaction')).toMatchObject({ status: 'rejected' });
    expect(await readFlight(check, 'lost too')).toEqual(noneOfFlight);
    await servesNextCall();
  });
});

test('a transaction whose socket refuses to write sends nothing behind, and the connection is not lost to the pool', async () => {
  const writing = db.transaction(async (tx) => {
    await Promise.all(queueFlight(tx, 'refused'));
    // Before the immediate in which postgres.js writes.
    setImmediate(() => relay.cutOne(() => 0, 'reset'));
    await tx.execute('select 1');
  });
  expect(await settling(writing, 'the transaction')).toMatchObject({ status: 'rejected' });
  const next = db.transaction(async (tx) => void queueFlight(tx, 'next'));
  expect(await settling(next, 'the next call')).toMatchObject({ status: 'fulfilled' });
});
