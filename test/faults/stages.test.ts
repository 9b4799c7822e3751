import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { driver, rowsOf } from '../support/drivers/chosen.ts';
import type { FaultRelay, HeldWire, HoldPoint } from '../support/fault-relay.ts';
import { faults } from '../support/faults.ts';
import { startFaulty } from '../support/faulty.ts';
import {
  allOfFlight,
  allOfLargeFlight,
  noneOfFlight,
  openTransactions,
  queueFlight,
  queueLargeFlight,
  readFlight,
  rowsOfFlight,
  settling,
} from '../support/flights.ts';
import { endsDuring } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const keyQuery = 'in the key query';

/** The stages of a flight whose entries share statements. */
const stages: Record<string, HoldPoint> = {
  'before BEGIN': { side: 'client', words: /^begin/ },
  [keyQuery]: { side: 'client', words: /nextval/ },
  'between tables': { side: 'client', words: /^(with .*)?insert into "teams"/s },
  'before COMMIT': { side: 'client', words: /^commit/ },
  'after COMMIT was sent and before its answer': { side: 'server', words: /^COMMIT/ },
};

/** Those of a flight of few entries, each of which is a statement of its own. */
const ownStages: Record<string, HoldPoint> = {
  'before BEGIN of few entries': { side: 'client', words: /^begin/ },
  'between the tables of few entries': { side: 'client', words: /^insert into "teams"/ },
  'before COMMIT of few entries': { side: 'client', words: /^commit/ },
  'after COMMIT of few entries was sent and before its answer': { side: 'server', words: /^COMMIT/ },
};

type Queue = typeof queueLargeFlight;

/** Ways to write a flight. With `travels`, COMMIT is sent before any result arrives. */
const ways: Record<
  string,
  { travels: boolean; write: (db: BatchedDatabase, name: string, queue: Queue) => Promise<unknown> }
> = {
  'in a transaction': {
    travels: true,
    write: (db, name, queue) => db.transaction(async (tx) => void queue(tx, name)),
  },
  'in a transaction that flushes by hand': {
    travels: false,
    write: (db, name, queue) =>
      db.transaction(async (tx) => {
        queue(tx, name);
        await tx.flush();
      }),
  },
  outside: { travels: true, write: (db, name, queue) => Promise.all(queue(db, name)) },
};

const check = database.connect({ max: 1 });
const blocker = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;
/** Settles when the client has noticed that its connection is lost. */
let closed: Promise<unknown>;
let flights = 0;

beforeEach(async () => {
  ({ relay, db, closed } = await startFaulty(database));
});

// Outside a transaction entries of several tables share one, however few they are.
const cases = [
  ...casesOf(stages, Object.keys(ways)),
  ...casesOf(ownStages, ['in a transaction', 'in a transaction that flushes by hand']),
];

function casesOf(of: typeof stages, named: readonly string[]): [fault: string, stage: string, way: string][] {
  return Object.keys(of).flatMap((stage) =>
    Object.keys(faults).flatMap((fault) => named.map((way): [string, string, string] => [fault, stage, way])),
  );
}

describe('the process lives, every promise settles, rows are all there or none, the pool serves the next call:', () => {
  test.each(cases)('%s %s, %s', async (fault, stage, way) => {
    const { travels, write } = ways[way] as (typeof ways)[string];
    const isLarge = stage in stages;
    const queue = isLarge ? queueLargeFlight : queueFlight;
    const all = isLarge ? allOfLargeFlight : allOfFlight;
    const name = `flight ${flights++}`;
    const isCommitSent = travels || stage.includes('COMMIT');
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const held = relay.hold((stages[stage] ?? ownStages[stage]) as HoldPoint);
      const writing = settling(write(db, name, queue), `a flight, ${fault} ${stage}`);
      const wire = await held;
      if (isCommitSent) await wire.sent(/^commit/);
      if (stage === keyQuery) await whileItRuns(wire, () => faults[fault]?.(wire, check));
      else await faults[fault]?.(wire, check);
      settled = await writing;
      // Statements that are sent before the client notices the loss are lost with the connection.
      if (fault !== 'cancelled') await closed;
      await servesNextCalls();
    });
    expect(ends).toEqual([]);

    const written = await readFlight(check, name);
    const outcome = settled?.status === 'fulfilled' ? 'fulfilled' : messageOf(settled?.reason);
    const mayBeUnknown = isCommitSent && fault !== 'cancelled';
    if (outcome === 'fulfilled') expect(written).toEqual(all);
    else if (/unknown/.test(outcome)) {
      expect(mayBeUnknown).toBe(true);
      expect([all, noneOfFlight]).toContainEqual(written);
    } else {
      const isTold = driver.endOfSessionIsAnswer && fault === 'the backend terminated';
      expect(mayBeUnknown && !isTold).toBe(false);
      expect(written).toEqual(noneOfFlight);
    }
    if (fault.startsWith('the wire')) expect(outcome).not.toBe('fulfilled');
  });

  const idle = Object.keys(faults);
  test.each(idle)('%s while the transaction idles', async (fault) => {
    const name = `flight ${flights++}`;
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const writing = db.transaction(async (tx) => {
        const [known] = rowsOf(await tx.execute<{ pid: number }>('select pg_backend_pid() as pid'));
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
      const [known] = rowsOf(await db.execute<{ pid: number }>('select pg_backend_pid() as pid'));
      await strikeIdle(fault, known?.pid ?? 0);
      const settled = await settling(Promise.all(queueFlight(db, name)), `a batch, ${fault} before it`);
      expect(settled.status).toBe('fulfilled');
      await servesNextCalls();
    });
    expect(ends).toEqual([]);
    expect(await readFlight(check, name)).toEqual(allOfFlight);
  });
});

/** Lets a key query run, and makes it wait for its sequence during `strike`. */
async function whileItRuns(wire: HeldWire, strike: () => unknown): Promise<void> {
  await blocker.begin(async (sql) => {
    await sql`alter sequence organizations_id_seq cache 1`;
    wire.release();
    // Outside a caller's transaction the wait for a lock is short, so this loop does not pause.
    for (let looks = 0; looks < 1_000 && (await waitingFor(wire.pid)).length === 0; looks++);
    await strike();
  });
}

function waitingFor(pid: number): Promise<object[]> {
  return check`select 1 from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
}

const nobody = { sent: async () => {}, release: () => {} };

/** Applies a fault to an idle connection, and waits until the client has noticed it. */
async function strikeIdle(fault: string, pid: number): Promise<void> {
  await faults[fault]?.({ ...nobody, pid, cut: (how) => relay.cutOne(() => 0, how) }, check);
  if (fault !== 'cancelled') await closed;
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
    expect(await readFlight(check, name)).toEqual(allOfFlight);
  }
  await expect.poll(() => openTransactions(check)).toEqual([]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
