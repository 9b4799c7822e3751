import type { Sql } from 'postgres';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BatchedDatabase, batchedDrizzle } from '../../src/index.ts';
import type { FaultRelay, HeldWire, HoldPoint } from '../support/fault-relay.ts';
import { openTransactions, queueFlight, readFlight, rowsOfFlight, settling } from '../support/flights.ts';
import { endsDuring } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const stages: Record<string, HoldPoint> = {
  'before BEGIN': { side: 'client', words: /^begin/ },
  'in the key query': { side: 'server', words: /^SELECT/ },
  'between tables': { side: 'client', words: /^(with .*)?insert into "teams"/s },
  'before COMMIT': { side: 'client', words: /^commit/ },
  'after COMMIT was sent and before its answer': { side: 'server', words: /^COMMIT/ },
};

const faults: Record<string, (wire: HeldWire) => Promise<void>> = {
  'the backend terminated': async (wire) => {
    await check`select pg_terminate_backend(${wire.pid}, 5000)`;
    wire.release();
  },
  'the wire cut': async (wire) => wire.cut('close'),
  'the wire reset': async (wire) => wire.cut('reset'),
  cancelled: async (wire) => {
    await check`select pg_cancel_backend(${wire.pid})`;
    wire.release();
  },
};

/** Ways to write a flight; `travels` where COMMIT has left before anything was answered. */
const ways: Record<
  string,
  { travels: boolean; write: (db: BatchedDatabase, name: string) => Promise<unknown> }
> = {
  'in a transaction': {
    travels: true,
    write: (db, name) => db.transaction(async (tx) => void queueFlight(tx, name)),
  },
  'in a transaction that flushes by hand': {
    travels: false,
    write: (db, name) =>
      db.transaction(async (tx) => {
        queueFlight(tx, name);
        await tx.flush();
      }),
  },
  outside: { travels: true, write: (db, name) => Promise.all(queueFlight(db, name)) },
};

let check: Sql;
let relay: FaultRelay;
let db: BatchedDatabase;
let flights = 0;

beforeAll(() => {
  check = database.connect({ max: 1 });
});
beforeEach(async () => {
  relay = await database.faultRelay();
  db = batchedDrizzle(database.connect({ url: relay.url, max: 1, backoff: () => 0.01 } as never));
  // Known tables and an open connection, so that nothing but the flight travels.
  await db.transaction(async (tx) => void queueFlight(tx, 'known'));
});

const cases = Object.keys(stages).flatMap((stage) =>
  Object.keys(faults).flatMap((fault) => Object.keys(ways).map((way) => [fault, stage, way] as const)),
);

describe('the process lives, every promise settles, rows are all there or none, the pool serves the next call:', () => {
  test.each(cases)('%s %s, %s', async (fault, stage, way) => {
    const { travels, write } = ways[way] as (typeof ways)[string];
    const name = `flight ${flights++}`;
    const isCommitSent = travels || stage.includes('COMMIT');
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const held = relay.hold(stages[stage] as HoldPoint);
      const writing = settling(write(db, name), `a flight, ${fault} ${stage}`);
      const wire = await held;
      if (isCommitSent) await wire.sent(/^commit/);
      await faults[fault]?.(wire);
      settled = await writing;
      // What is sent before the client has heard of it goes down with the connection.
      if (fault !== 'cancelled') await wire.closed;
      await servesNextCalls();
    });
    expect(ends).toEqual([]);

    const written = await readFlight(check, name);
    const all = { parents: rowsOfFlight, children: rowsOfFlight };
    const none = { parents: 0, children: 0 };
    const outcome = settled?.status === 'fulfilled' ? 'fulfilled' : messageOf(settled?.reason);
    if (outcome === 'fulfilled') expect(written).toEqual(all);
    else if (isCommitSent && fault !== 'cancelled') {
      expect(outcome).toMatch(/unknown/);
      expect([all, none]).toContainEqual(written);
    } else {
      expect(outcome).not.toMatch(/unknown/);
      expect(written).toEqual(none);
    }
    if (fault.startsWith('the wire')) expect(outcome).not.toBe('fulfilled');
  });

  const idle = Object.keys(faults);
  test.each(idle)('%s while the transaction idles', async (fault) => {
    const name = `flight ${flights++}`;
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const writing = db.transaction(async (tx) => {
        const [known] = await tx.execute<{ pid: number }>('select pg_backend_pid() as pid');
        await Promise.all(queueFlight(tx, name));
        await strikeIdle(fault, known?.pid ?? 0);
        queueFlight(tx, `${name} late`);
      });
      settled = await settling(writing, `a transaction, ${fault} while it idles`);
      await servesNextCalls();
    });
    expect(ends).toEqual([]);
    const isHit = fault !== 'cancelled';
    expect(settled?.status).toBe(isHit ? 'rejected' : 'fulfilled');
    for (const each of [name, `${name} late`]) {
      const rows = isHit ? 0 : rowsOfFlight;
      expect(await readFlight(check, each)).toEqual({ parents: rows, children: rows });
    }
    if (settled?.status === 'rejected') expect(messageOf(settled.reason)).not.toMatch(/unknown/);
  });

  test.each(idle)('%s while the connection idles between two batches', async (fault) => {
    const name = `flight ${flights++}`;
    const ends = await endsDuring(async () => {
      const [known] = await db.execute<{ pid: number }>('select pg_backend_pid() as pid');
      await strikeIdle(fault, known?.pid ?? 0);
      const settled = await settling(Promise.all(queueFlight(db, name)), `a batch, ${fault} before it`);
      expect(settled.status).toBe('fulfilled');
      await servesNextCalls();
    });
    expect(ends).toEqual([]);
    expect(await readFlight(check, name)).toEqual({ parents: rowsOfFlight, children: rowsOfFlight });
  });
});

const nobody = { sent: async () => {}, closed: Promise.resolve(), release: () => {} };

/** Strikes a connection on which nothing is under way, and waits until the backend is gone. */
async function strikeIdle(fault: string, pid: number): Promise<void> {
  await faults[fault]?.({ ...nobody, pid, cut: (how) => relay.cutOne(() => 0, how) });
  if (fault === 'cancelled') return;
  await expect.poll(() => check`select 1 from pg_stat_activity where pid = ${pid}`).toHaveLength(0);
}

async function servesNextCalls(): Promise<void> {
  flights++;
  const names = [`next ${flights}`, `after next ${flights}`] as const;
  const calls = [
    () => db.transaction(async (tx) => void queueFlight(tx, names[0])),
    () => Promise.all(queueFlight(db, names[1])),
    () => db.execute('select 1'),
  ];
  for (const call of calls) {
    expect(await settling(call(), 'the next call')).toMatchObject({ status: 'fulfilled' });
  }
  for (const name of names) {
    expect(await readFlight(check, name)).toEqual({ parents: rowsOfFlight, children: rowsOfFlight });
  }
  await expect.poll(() => openTransactions(check)).toEqual([]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
