import diagnosticsChannel from 'node:diagnostics_channel';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FlushMessage, FlushTrace } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { logs, organizations, teams } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());

const messages: FlushMessage[] = [];
const note = (message: unknown) => void messages.push(message as FlushMessage);

beforeEach(async () => {
  await check.execute(emptyTables());
  messages.length = 0;
  diagnosticsChannel.subscribe('batched-drizzle:flush', note);
});

afterEach(() => {
  diagnosticsChannel.unsubscribe('batched-drizzle:flush', note);
});

const traced = () => batchedDrizzle(database.client(), { batch: { trace: true } });

const log = { level: 'info', message: 'traced' };

/** The line that calls it. */
const thisLine = (): number =>
  Number(/trace-option\.test\.ts:(\d+)/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1]);

const plans = () => messages.flatMap((message) => (message.event === 'start' ? [] : (message.plan ?? [])));

/** Until the end of the test inserts into the table run a trigger, so that nothing is proved of them. */
async function withTrigger(work: () => Promise<unknown>): Promise<void> {
  await check.execute(sql`
    create function pass() returns trigger language plpgsql as 'begin return new; end'`);
  await check.execute(sql`create trigger looking before insert on logs for each row execute function pass()`);
  try {
    await work();
  } finally {
    await check.execute(sql`drop function pass cascade`);
  }
}

describe('with batch.trace', () => {
  test('a flush says where its inserts were made, each line once', async () => {
    const lines = new Set<number>();
    await traced().transaction(async (tx) => {
      for (const _ of [1, 2]) [lines.add(thisLine()), tx.insert(logs).values(log)];
      [lines.add(thisLine()), tx.insert(logs).values(log)];
    });
    const [start] = messages;
    const places = start?.event === 'start' ? start.places : undefined;
    expect(places?.map((place) => place.replace(/^.*\/test\//, ''))).toEqual(
      [...lines].map((line) => `integration/trace-option.test.ts:${line}`),
    );
  });

  test('few inserts are shown as statements of their own, table by table', async () => {
    await traced().transaction(async (tx) => {
      const organization = tx.insert(organizations).values({ name: 'o' });
      for (const name of ['a', 'b'])
        tx.insert(teams).values({ name, organizationId: organization.ref('id') });
    });
    expect(plans()).toEqual([
      [
        { table: '"organizations"', way: 'own', rows: 1, statements: 1, why: 'few' },
        { table: '"teams"', way: 'own', rows: 2, statements: 2, why: 'few' },
      ],
    ]);
  });

  test('one insert is shown as such', async () => {
    const db = traced();
    db.insert(logs).values([log, log]);
    // An insert that is awaited is settled before its flush ends.
    await db.flush();
    expect(plans()).toEqual([[{ table: '"logs"', way: 'own', rows: 2, statements: 1, why: 'one' }]]);
  });

  test('many inserts are shown as shared, by how many statements', async () => {
    await traced().transaction(async (tx) => {
      for (let number = 0; number < 50; number++) tx.insert(logs).values(log);
    });
    expect(plans()).toEqual([[{ table: '"logs"', way: 'shared', rows: 50, statements: 1 }]]);
  });

  test('COPY is shown', async () => {
    const db = batchedDrizzle(database.client(), { batch: { trace: true, copyRows: 40 } });
    await db.transaction(async (tx) => {
      for (let number = 0; number < 50; number++) tx.insert(logs).values(log);
    });
    expect(plans()).toEqual([[{ table: '"logs"', way: 'copied', rows: 50, statements: 1 }]]);
  });

  test('many inserts of a table with a trigger are shown as not proved', async () => {
    await withTrigger(() =>
      traced().transaction(async (tx) => {
        for (let number = 0; number < 50; number++) tx.insert(logs).values(log);
      }),
    );
    expect(plans()).toEqual([[{ table: '"logs"', way: 'own', rows: 50, statements: 50, why: 'unproved' }]]);
  });

  test('inserts of the database that may not share are shown as transactions apart', async () => {
    const db = traced();
    await withTrigger(() => Promise.all(Array.from({ length: 4 }, () => db.insert(logs).values(log))));
    expect(plans()).toContainEqual([{ table: '"logs"', way: 'own', rows: 4, statements: 4, why: 'apart' }]);
  });

  test('a flush that fails has its plan, too', async () => {
    const db = traced();
    await expect(
      db.transaction(async (tx) => {
        tx.insert(teams).values({ name: 'a', organizationId: -1 });
      }),
    ).rejects.toThrow();
    expect(messages.at(-1)).toMatchObject({
      event: 'error',
      failures: [{ table: '"teams"', code: '23503' }],
    });
    expect(plans()).toEqual([[{ table: '"teams"', way: 'own', rows: 1, statements: 1, why: 'one' }]]);
  });

  test('the tracing channel has both', async () => {
    const traces: FlushTrace[] = [];
    const end = (trace: unknown) => void traces.push(trace as FlushTrace);
    const { asyncEnd } = diagnosticsChannel.tracingChannel<unknown, FlushTrace>('batched-drizzle:flush');
    asyncEnd.subscribe(end);
    await traced().transaction(async (tx) => {
      tx.insert(logs).values(log);
    });
    asyncEnd.unsubscribe(end);
    expect(traces).toMatchObject([
      {
        places: [expect.stringMatching(/\/trace-option\.test\.ts:\d+$/)],
        plan: [[{ table: '"logs"', way: 'own', why: 'one' }]],
      },
    ]);
  });
});

test('without batch.trace no message has a place or a plan', async () => {
  const db = batchedDrizzle(database.client());
  await db.transaction(async (tx) => {
    tx.insert(logs).values(log);
    tx.insert(logs).values(log);
  });
  expect(messages.map(({ event }) => event)).toEqual(['start', 'end']);
  for (const message of messages) {
    expect(message).not.toHaveProperty('places');
    expect(message).not.toHaveProperty('plan');
  }
});
