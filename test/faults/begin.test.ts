import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { driver } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import type { FaultRelay } from '../support/fault-relay.ts';
import { startFaulty } from '../support/faulty.ts';
import {
  allOfFlight,
  expectNextCall,
  noneOfFlight,
  queueFlight,
  queueSharedFlight,
  readFlight,
  settling,
} from '../support/flights.ts';
import { organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;
let flights = 0;

beforeEach(async () => {
  ({ relay, db } = await startFaulty(database));
  // From here on the facts are known, so that flights that share statements leave ahead of BEGIN's answer, too.
  await db.transaction(async (tx) => void queueSharedFlight(tx, 'known'));
});

/** Runs work whose BEGIN or COMMIT the server refuses. The pool must serve the next call afterwards. */
async function refused(
  words: RegExp,
  work: (name: string) => Promise<unknown>,
  by = 'nonsense'.slice(0, 5),
): Promise<{ settled: PromiseSettledResult<unknown>; written: { parents: number; children: number } }> {
  const name = `flight ${flights++}`;
  relay.spoil(words, by);
  const settled = await settling(work(name), 'what was refused');
  await expectNextCall(check, (next) => db.transaction(async (tx) => void queueFlight(tx, next)));
  return { settled, written: await readFlight(check, name) };
}

describe('where BEGIN is refused nothing behind it is written, and its error is told:', () => {
  const works: Record<string, (name: string) => Promise<unknown>> = {
    'a transaction that queues': (name) => db.transaction(async (tx) => void queueFlight(tx, name)),
    'a transaction that awaits its inserts': (name) =>
      db.transaction((tx) => Promise.all(queueFlight(tx, name))),
    'a transaction whose inserts share statements': (name) =>
      db.transaction(async (tx) => void queueSharedFlight(tx, name)),
    'a transaction that awaits inserts that share statements': (name) =>
      db.transaction((tx) => Promise.all(queueSharedFlight(tx, name))),
    'a transaction with modes': (name) =>
      db.transaction(async (tx) => void queueFlight(tx, name), { isolationLevel: 'serializable' }),
    'a lone row that is awaited': (name) =>
      db.transaction(async (tx) => void (await tx.insert(organizations).values({ name }))),
    'a raw statement': (name) =>
      db.transaction((tx) => tx.execute(sql.raw(`insert into organizations (name) values ('${name}')`))),
    'a raw statement with parameters': (name) =>
      db.transaction((tx) => tx.execute(sql`insert into organizations (name) values (${name})`)),
    'a statement of a nested transaction': (name) =>
      db.transaction((tx) =>
        tx.transaction((nested) =>
          nested.execute(sql.raw(`insert into organizations (name) values ('${name}')`)),
        ),
      ),
    'a nested transaction that queues': (name) =>
      db.transaction((tx) => tx.transaction(async (nested) => void queueFlight(nested, name))),
    'a nested transaction that awaits its inserts': (name) =>
      db.transaction((tx) => tx.transaction((nested) => Promise.all(queueFlight(nested, name)))),
    'a row with an expression': (name) =>
      db.transaction(
        async (tx) => void (await tx.insert(organizations).values({ name: sql`${name}::text` })),
      ),
    'rows with expressions': (name) =>
      db.transaction(
        async (tx) => void (await tx.insert(organizations).values([{ name: sql`${name}::text` }, { name }])),
      ),
    'an update': (name) => db.transaction((tx) => tx.update(organizations).set({ name }).where(sql`true`)),
    'an update of all rows': (name) => db.transaction((tx) => tx.update(organizations).set({ name })),
    'updates of one turn, behind a select and a delete': (name) =>
      db.transaction((tx) =>
        Promise.all([
          tx.select().from(organizations),
          tx.delete(organizations).where(sql`true`),
          ...[1, 2].map(() => tx.update(organizations).set({ name }).where(sql`true or false`)),
          ...queueFlight(tx, name),
        ]),
      ),
    'a callback that does nothing': () => db.transaction(async () => {}),
  };
  test.each(Object.keys(works))('%s', async (work) => {
    const { settled, written } = await refused(/^begin/, (name) =>
      (works[work] as typeof db.execute)(name as never),
    );
    expect(written).toEqual(noneOfFlight);
    expect(settled.status).toBe('rejected');
    expect(codesOf((settled as PromiseRejectedResult).reason)).toContain('42601');
  });

  test('outside, where it is sent again', async () => {
    const { settled, written } = await refused(/^begin/, (name) => Promise.all(queueFlight(db, name)));
    expect(settled.status).toBe('fulfilled');
    expect(written).toEqual(allOfFlight);
  });

  test('outside, where inserts that are transactions of their own are sent again, and written once', async () => {
    const { settled } = await refused(/^begin/, (name) =>
      Promise.all(['a', 'b', 'c'].map((end) => db.insert(organizations).values({ name: `${name}, ${end}` }))),
    );
    expect(settled.status).toBe('fulfilled');
    const rows =
      await check`select right(name, 1) as last from organizations where name ~ 'flight \\d+, ' order by 1`;
    expect(rows.map(({ last }) => last)).toEqual(['a', 'b', 'c']);
  });
});

test.runIf(driver.guard.isMarked)(
  'where the mark that travels with BEGIN is refused nothing is written either, and its error is told',
  async () => {
    const { settled, written } = await refused(
      /^begin; set local/,
      (name) => db.transaction(async (tx) => void queueFlight(tx, name)),
      'begin; set local batched_drizzle_t',
    );
    expect(written).toEqual(noneOfFlight);
    expect(codesOf((settled as PromiseRejectedResult).reason)).toContain('42704');
  },
);

test('a COMMIT that is refused and leaves its transaction open is rolled back, and rejects with its error', async () => {
  const { settled, written } = await refused(/^commit/, (name) =>
    db.transaction(async (tx) => void queueFlight(tx, name)),
  );
  expect(written).toEqual(noneOfFlight);
  expect(codesOf((settled as PromiseRejectedResult).reason)).toContain('42601');
});

test('so is one outside, whose inserts are sent again', async () => {
  const { settled, written } = await refused(/^commit/, (name) => Promise.all(queueFlight(db, name)));
  expect(settled.status).toBe('fulfilled');
  expect(written).toEqual(allOfFlight);
});

test('a ROLLBACK that is refused is sent again', async () => {
  const enough = new Error('enough');
  const { settled, written } = await refused(/^rollback/, (name) =>
    db.transaction(async (tx) => {
      await Promise.all(queueFlight(tx, name));
      throw enough;
    }),
  );
  expect(written).toEqual(noneOfFlight);
  expect(settled).toEqual({ status: 'rejected', reason: enough });
});
