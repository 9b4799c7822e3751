import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { severalBlocks, times } from '../support/copies.ts';
import { driver } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import type { FaultRelay, HoldPoint } from '../support/fault-relay.ts';
import { faults } from '../support/faults.ts';
import { startFaulty } from '../support/faulty.ts';
import { noneOfFlight, openTransactions, readFlight, settling } from '../support/flights.ts';
import { endsDuring } from '../support/process-events.ts';
import { logs, organizations, teams } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** The number of rows for each of two tables; it takes several blocks. */
const rows = severalBlocks;

const begin: HoldPoint = { side: 'client', words: /^begin/ };
const firstCopy: HoldPoint = { side: 'client', words: /^copy "organizations"/ };
const lastCopy: HoldPoint = { side: 'client', words: /^copy "teams"/ };
const asked: HoldPoint = { side: 'server', words: /^CopyInResponse/ };
/** In both tables the rows begin with a key. */
const data: HoldPoint = { side: 'client', words: /^4001\t/m };
const done: HoldPoint = { side: 'client', words: /^CopyDone/ };
const answer: HoldPoint = { side: 'server', words: /^COPY/ };

/**
 * The stages at which the connection is held. A stage with several points ends at its last one.
 */
const stages: Record<string, readonly HoldPoint[]> = {
  'before BEGIN': [begin],
  'before the first COPY': [firstCopy],
  'before the server asks for rows': [asked],
  'while rows flow': [data],
  'after the rows': [done],
  'before the answer to the rows': [answer],
  'before the second COPY': [lastCopy],
  'while the last rows flow': [lastCopy, data],
  'after the last rows': [lastCopy, done],
  'before the answer to the last rows': [answer, answer],
};

type Inserts = Pick<BatchedDatabase, 'insert'>;

/** Rows of two tables; the second table's rows refer to the first's. */
function queueRows(db: Inserts, name: string, count = rows): PromiseLike<unknown>[] {
  const parents = db.insert(organizations).values(times(count, () => ({ name })));
  const children = db
    .insert(teams)
    .values(times(count, (n) => ({ organizationId: parents.ref('id', n), name })));
  return [parents, children];
}

const ways: Record<string, (db: BatchedDatabase, name: string) => Promise<unknown>> = {
  'in a transaction': (db, name) => db.transaction(async (tx) => void queueRows(tx, name)),
  'in a transaction that flushes by hand': (db, name) =>
    db.transaction(async (tx) => {
      queueRows(tx, name);
      await tx.flush();
    }),
  outside: (db, name) => Promise.all(queueRows(db, name)),
};

const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;
let closed: Promise<unknown>;
let flights = 0;

beforeEach(async () => {
  ({ relay, db, closed } = await startFaulty(database, { copyRows: 3 }));
  await check`truncate organizations, teams, members, logs restart identity`;
});

const cases = Object.keys(stages).flatMap((stage) =>
  Object.keys(faults).flatMap((fault) => Object.keys(ways).map((way) => [fault, stage, way] as const)),
);

describe('the process lives, every promise settles, rows are all there or none, the pool serves the next call:', () => {
  test.each(cases)('%s %s, %s', async (fault, stage, way) => {
    const name = `flight ${flights++}`;
    // COMMIT is sent right after the last rows.
    const isSent = driver.copyTravels ? /second|last/.test(stage) : /last/.test(stage);
    const isCommitSent = way !== 'in a transaction that flushes by hand' && isSent;
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const points = stages[stage] ?? [];
      let held = relay.hold(points[0] as HoldPoint);
      const writing = settling((ways[way] as (typeof ways)[string])(db, name), `rows, ${fault} ${stage}`);
      let wire = await held;
      for (const point of points.slice(1)) {
        held = relay.hold(point);
        wire.release();
        wire = await held;
      }
      if (isCommitSent) await wire.sent(/^commit/);
      await faults[fault]?.(wire, check);
      settled = await writing;
      // Statements that are sent before the client notices the loss are lost with the connection.
      if (fault !== 'cancelled') await closed;
      await servesNextCalls();
    });
    expect(ends).toEqual([]);

    const written = await readFlight(check, name);
    const all = { parents: rows, children: rows };
    const outcome = settled?.status === 'fulfilled' ? 'fulfilled' : String(settled?.reason.message);
    if (outcome === 'fulfilled') expect(written).toEqual(all);
    else if (/unknown/.test(outcome)) {
      // After the result was released, the client may have sent COMMIT.
      expect(isCommitSent || (stage.includes('answer') && fault.startsWith('the backend'))).toBe(true);
      expect([all, noneOfFlight]).toContainEqual(written);
    } else {
      const isTold = driver.endOfSessionIsAnswer && fault === 'the backend terminated';
      expect(isCommitSent && fault !== 'cancelled' && !isTold).toBe(false);
      expect(written).toEqual(noneOfFlight);
    }
    if (fault.startsWith('the wire')) expect(outcome).not.toBe('fulfilled');
  });
});

test('between the comparison of the facts and the rows of a COPY nobody puts another table in its place', async () => {
  const name = `flight ${flights++}`;
  const held = relay.hold({ side: 'client', words: /^copy "organizations"/ });
  const writing = db.transaction(async (tx) => void queueRows(tx, name));
  const wire = await held;
  const compared = () => check`
    select from pg_stat_activity
    where pid = ${wire.pid} and query like '%pg_relation_size%' and state = 'idle in transaction'`;
  await expect.poll(compared).toHaveLength(1);
  const dropped = check.begin(async (sql) => {
    await sql`set local lock_timeout = '200ms'`;
    await sql`alter table organizations rename to replaced`;
  });
  await expect(dropped).rejects.toMatchObject({ code: '55P03' });
  wire.release();
  await writing;
  expect(await readFlight(check, name)).toEqual({ parents: rows, children: rows });
});

describe('where BEGIN is refused no row of a COPY is written, and its error is told:', () => {
  const begun: Record<string, (name: string) => Promise<unknown>> = {
    'rows with keys': (name) => db.transaction(async (tx) => void queueRows(tx, name)),
    'rows without keys': (name) =>
      db.transaction(async (tx) => {
        tx.insert(logs).values(times(rows, () => ({ level: name, message: name })));
      }),
    'rows that are awaited': (name) => db.transaction((tx) => Promise.all(queueRows(tx, name))),
  };
  test.each(Object.keys(begun))('%s', async (work) => {
    const name = `flight ${flights++}`;
    relay.spoil(/^begin/, 'nonse');
    const settled = await settling((begun[work] as (typeof begun)[string])(name), 'what was refused');
    expect(settled.status).toBe('rejected');
    expect(codesOf((settled as PromiseRejectedResult).reason)).toContain('42601');
    expect(await readFlight(check, name)).toEqual(noneOfFlight);
    expect(await check`select from logs where level = ${name}`).toHaveLength(0);
    await servesNextCalls();
  });

  test('outside, where they are sent again', async () => {
    const name = `flight ${flights++}`;
    relay.spoil(/^begin/, 'nonse');
    await Promise.all(queueRows(db, name));
    expect(await readFlight(check, name)).toEqual({ parents: rows, children: rows });
  });
});

test('a COMMIT behind a COPY that is refused is rolled back, and rejects with its error', async () => {
  const name = `flight ${flights++}`;
  relay.spoil(/^commit/, 'nonse');
  const settled = await settling(
    db.transaction(async (tx) => void queueRows(tx, name)),
    'what was refused',
  );
  expect(codesOf((settled as PromiseRejectedResult).reason)).toContain('42601');
  expect(await readFlight(check, name)).toEqual(noneOfFlight);
  await servesNextCalls();
});

async function servesNextCalls(): Promise<void> {
  const name = `next ${flights++}`;
  const few = 10;
  const calls = [
    () => db.transaction(async (tx) => void queueRows(tx, name, few)),
    () => Promise.all(queueRows(db, name, few)),
    () => db.execute('select 1'),
  ];
  for (const call of calls) {
    expect(await settling(call(), 'the next call')).toMatchObject({ status: 'fulfilled' });
  }
  expect(await readFlight(check, name)).toEqual({ parents: 2 * few, children: 2 * few });
  await expect.poll(() => openTransactions(check)).toEqual([]);
}
