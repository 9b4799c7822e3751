import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import type { FaultRelay, HoldPoint } from '../support/fault-relay.ts';
import { startFaulty } from '../support/faulty.ts';
import {
  allOfFlight,
  noneOfFlight,
  queueFlight,
  queueSharedFlight,
  readFlight,
  settling,
} from '../support/flights.ts';
import { logs, organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
/** Each costs a new connection, so there are fewer of them where there are fewer storms. */
const times = Number(process.env.STORM_FLIGHTS ?? 500) / 5;
const note = { level: 'info', message: 'nested' };

const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;

beforeEach(async () => {
  ({ relay, db } = await startFaulty(database));
});

/**
 * Ways to write rows completely or not at all. `sent` and `answered` match the statement that commits, and
 * its tag.
 */
const ways: Record<
  string,
  { write: (name: string) => Promise<unknown>; all: typeof allOfFlight; sent: RegExp; answered: RegExp }
> = {
  'in a transaction': {
    write: (name) => db.transaction(async (tx) => void queueFlight(tx, name)),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  'in a transaction whose inserts share statements': {
    write: (name) => db.transaction(async (tx) => void queueSharedFlight(tx, name)),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  'in a transaction that has flushed': {
    write: (name) => db.transaction((tx) => Promise.all(queueFlight(tx, name))),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  'in a transaction that ends behind a nested one': {
    write: (name) => db.transaction((tx) => tx.transaction(async (nested) => void queueFlight(nested, name))),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  'in a transaction that queues behind a nested one': {
    write: (name) =>
      db.transaction(async (tx) => {
        await tx.transaction(async (nested) => void (await nested.insert(logs).values(note)));
        queueFlight(tx, name);
      }),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  outside: {
    write: (name) => Promise.all(queueFlight(db, name)),
    all: allOfFlight,
    sent: /^commit/,
    answered: /^COMMIT/,
  },
  'of a row by itself, whose INSERT is its commit': {
    write: async (name) => db.insert(organizations).values({ name }),
    all: { parents: 1, children: 0 },
    sent: /^insert/,
    answered: /^INSERT/,
  },
};

describe('a connection lost around COMMIT never writes a row twice, and says that the outcome is unknown', () => {
  test.each(Object.entries(ways))(
    `%s, ${times} times`,
    async (way, { write, all, sent, answered }) => {
      const seen = { none: 0, all: 0 };
      for (let time = 0; time < times; time++) {
        const name = `${way} ${time}`;
        // Every second time the server has not received COMMIT, but the client can't know that.
        const point: HoldPoint =
          time % 2 ? { side: 'client', words: sent } : { side: 'server', words: answered };
        const held = relay.hold(point);
        const writing = settling(write(name), name);
        (await held).cut(time % 4 < 2 ? 'close' : 'reset');
        const settled = await writing;
        expect(settled.status).toBe('rejected');
        const { message } = (settled as PromiseRejectedResult).reason as Error;
        expect(message).toMatch(/unknown/);
        expect(message).toContain('after COMMIT was sent and before it was answered');
        const written = await readFlight(check, name);
        expect([all, noneOfFlight]).toContainEqual(written);
        seen[written.parents === 0 ? 'none' : 'all'] += 1;
        const next = await settling(write(`next ${name}`), 'the next call');
        expect(next).toMatchObject({ status: 'fulfilled' });
      }
      expect(seen).toEqual({ none: times / 2, all: times / 2 });
    },
    60_000,
  );
});
