import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { comparePrograms } from '../support/compare-programs.ts';
import { countedJobs } from '../support/counted-jobs.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import type { ClientOptions } from '../support/drivers/driver.ts';
import { type EarlyCheckIn, startEarlyCheckIn } from '../support/early-check-in.ts';
import { causeCodes } from '../support/error-codes.ts';
import { settling } from '../support/flights.ts';
import { hopes, makeRefusingTables, promises, wishes } from '../support/refusing-tables.ts';
import { runCountedJob } from '../support/run-counted-job.ts';
import { users } from '../support/schema.ts';
import { type TestDatabase, useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const plainDatabase = useDatabase();

let check: Sql;
let pooler: EarlyCheckIn;

beforeAll(() => makeRefusingTables(database.connect({ max: 1 })));
beforeEach(async () => {
  check = database.connect({ max: 1 });
  await check`truncate hopes, wishes, promises, users, addresses, logs restart identity cascade`;
  pooler = await startEarlyCheckIn(database.url);
});
// A statement behind the end of a transaction has lost its answer, and its promise would hang.
afterEach(async () => {
  const { lost } = pooler;
  await pooler.close();
  expect(lost).toBe(0);
});

function connect(options: ClientOptions = {}): BatchedDatabase {
  return batchedDrizzle(database.client({ url: pooler.url, max: 1, ...options }));
}

/** The same database. Its relays go through the pooler; other clients, which only look, do not. */
function pooled(): TestDatabase {
  return { ...database, relay: (options) => database.relay({ target: pooler.url, ...options }) };
}

/** The codes with which the inserts of one turn are rejected; `ok` for one that is written. */
async function codesOfTurn(inserts: readonly PromiseLike<unknown>[]): Promise<(string | undefined)[]> {
  const settled = await settling(Promise.allSettled(inserts), 'a batch');
  if (settled.status === 'rejected') throw settled.reason;
  return causeCodes(settled.value as PromiseSettledResult<unknown>[]);
}

describe('behind a pooler that gives the connection back as soon as the server is idle,', () => {
  test.each(countedJobs)('$name takes the trips and has the results of a direct connection', async (job) => {
    const direct = await runCountedJob(database, job);
    expect(await runCountedJob(pooled(), job)).toEqual(direct);
  });

  test('random programs cannot tell it from plain drizzle without it', () =>
    comparePrograms(plainDatabase.client({ max: 1 }), database.client({ url: pooler.url, max: 1 }), {
      runs: 60,
      seed: 11,
    }));

  test('one bad insert among 20 of a batch rejects alone', async () => {
    const db = connect();
    const wanted = Array.from({ length: 20 }, (_, n) => (n === 7 ? 'refused' : `${n} of 20`));
    const codes = await codesOfTurn(wanted.map((wish) => db.insert(hopes).values({ wish })));
    expect(codes).toEqual(wanted.map((wish) => (wish === 'refused' ? '22012' : 'ok')));
    expect(await check`select wish from hopes order by id`).toHaveLength(19);
  });

  test('so do those among 20 inserts that share nothing', async () => {
    const db = connect();
    const wanted = Array.from({ length: 20 }, (_, n) => (n % 7 === 3 ? 'P1234' : 'granted'));
    const codes = await codesOfTurn(wanted.map((wish) => db.insert(wishes).values({ wish })));
    expect(codes).toEqual(wanted.map((wish) => (wish === 'P1234' ? 'P1234' : 'ok')));
    expect(await check`select from wishes`).toHaveLength(17);
  });

  test('so does one that a deferred constraint refuses, and those behind it are written', async () => {
    const db = connect();
    // A trigger keeps them apart. The ids are those that the rows will have.
    const owed = [1, 99, 3, 98, 5];
    const codes = await codesOfTurn(owed.map((owedTo) => db.insert(promises).values({ owedTo })));
    expect(codes).toEqual(['ok', '23503', 'ok', '23503', 'ok']);
    expect((await check`select owed_to from promises order by id`).map(({ owed_to }) => owed_to)).toEqual([
      1, 3, 5,
    ]);
  });

  test('serializable transactions, which the server may refuse at COMMIT, go one by one', async () => {
    const relay = await pooled().relay();
    const options = {
      url: relay.url,
      connection: { default_transaction_isolation: 'serializable' } as never,
    };
    const db = connect(options);
    const codes = await codesOfTurn(
      ['granted', 'P1234', 'granted'].map((wish) => db.insert(wishes).values({ wish })),
    );
    expect(codes).toEqual(['ok', 'P1234', 'ok']);
    expect(relay.statements).toContain('commit');
    expect(relay.statements).not.toContain('commit and chain');
  });

  test('flush() rejects if an insert fails, and the others are written', async () => {
    const db = connect();
    for (const wish of ['granted', 'P1234', 'granted']) db.insert(wishes).values({ wish });
    expect((await settling(db.flush(), 'flush()')).status).toBe('rejected');
    expect(await check`select from wishes`).toHaveLength(2);
  });

  test('load() writes its rows', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => ({ name: `user ${n}` }));
    await connect().load(users, rows);
    expect(await check`select from users`).toHaveLength(500);
  });
});

test.runIf(driver.sendsAhead)(
  'plain drizzle loses the answers of simple statements of one turn there',
  async () => {
    const other = await startEarlyCheckIn(database.url);
    const client = database.client({ url: other.url, max: 1 });
    await drizzle(client).execute(sql`select 1`);
    const both = ['select 1', 'select 2'].map((text) => driver.query(client, text).catch(() => {}));
    await expect.poll(() => other.lost).toBe(1);
    await other.close();
    await Promise.all(both);
  },
);
