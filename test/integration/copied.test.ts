/** Many rows of a table in one flush, which COPY writes. */
import { sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { copiesOf, named, severalBlocks, times } from '../support/copies.ts';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, describeResult, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { addresses, events, logs, organizations, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client({ max: 1 }));
let few: Counted;

beforeAll(async () => {
  few = await startCounted(database, { batch: { copyRows: 3 } });
});
beforeEach(() => check.execute(emptyTables()));

const noted = (count: number) => times(count, (n) => ({ level: 'info', message: `message ${n}` }));

describe('rows of a table in one flush are copied', () => {
  test('from copyRows on, and not before', async () => {
    for (const [rows, copies] of [
      [2, []],
      [3, ['logs']],
      [4, ['logs']],
    ] as const) {
      const { statements } = await few.count(() => few.db.insert(logs).values(noted(rows)));
      expect(copiesOf(statements)).toEqual(copies);
    }
    expect(await check.$count(logs)).toBe(9);
  });

  test('from 10,001 on where nothing is said of it', async () => {
    const usual = await startCounted(database);
    for (const [rows, copies] of [
      [10_000, []],
      [10_001, ['logs']],
    ] as const) {
      const { statements } = await usual.count(() => usual.db.insert(logs).values(noted(rows)));
      expect(copiesOf(statements)).toEqual(copies);
    }
    expect(await check.$count(logs)).toBe(20_001);
  });

  test('never with copyRows: Infinity', async () => {
    const never = await startCounted(database, { batch: { copyRows: Infinity, maxRows: 5 } });
    const { statements } = await never.count(() => never.db.insert(logs).values(noted(20)));
    expect(copiesOf(statements)).toEqual([]);
    expect(await check.$count(logs)).toBe(20);
  });

  test('whatever number of inserts they came by', async () => {
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        for (const row of noted(4)) tx.insert(logs).values(row);
      }),
    );
    expect(copiesOf(statements)).toEqual(['logs']);
    expect(await check.select().from(logs)).toEqual(noted(4));
  });

  test('and those of another table of the flush, which are fewer, are not', async () => {
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        tx.insert(logs).values(noted(3));
        tx.insert(users).values(named(2));
      }),
    );
    expect(copiesOf(statements)).toEqual(['logs']);
    expect(await check.$count(users)).toBe(2);
  });

  test('nor are the few among them that leave other columns to the database', async () => {
    const early = { kind: 'early', at: new Date(0) };
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        tx.insert(events).values(times(3, () => ({ kind: 'now' })));
        tx.insert(events).values(early);
      }),
    );
    expect(copiesOf(statements)).toEqual(['events']);
    expect(
      statements.filter((text) => text.startsWith('insert into "events"') && !text.endsWith('where false')),
    ).toHaveLength(1);
    const stored = await check.select().from(events);
    expect(stored.filter(({ at }) => at.getTime() === 0)).toMatchObject([{ kind: 'early' }]);
    expect(stored).toHaveLength(4);
  });

  test('in at most one trip more, which BEGIN, the keys and COMMIT travel along with', async () => {
    const { trips, statements } = await few.count(() =>
      few.db.transaction(async (tx) => void tx.insert(logs).values(noted(severalBlocks))),
    );
    expect(trips).toBe(1 + driver.tripsOfCopy);
    expect(statements.map((text) => text.slice(0, 6))).toEqual([
      'begin',
      'insert',
      'select',
      'copy "',
      'commit',
    ]);
  });

  test('with a trip for each table of them, whose ids are wired', async () => {
    const { trips, statements, result } = await few.count(() =>
      few.db.transaction((tx) => {
        const parents = tx.insert(users).values(named(severalBlocks));
        tx.insert(addresses).values(
          times(severalBlocks, (n) => ({ email: `name ${n}`, userId: parents.ref('id', n) })),
        );
        return tx.flush();
      }),
    );
    expect(copiesOf(statements)).toEqual(['users', 'addresses']);
    // COMMIT is a separate trip, since the callback waited.
    expect(trips).toBe(4);
    expect(result).toMatchObject({
      rows: 2 * severalBlocks,
      keys: 2 * severalBlocks,
      statements: 5,
      roundTrips: 3,
    });
    const [wired] = rowsOf(
      await check.execute(
        sql`select count(*)::int from users u join addresses a on a.user_id = u.id and a.email = u.name`,
      ),
    );
    expect(wired).toEqual({ count: severalBlocks });
  });

  test('and a caller without returning() is given what drizzle gives', async () => {
    const insert = (db: PostgresJsDatabase) => db.insert(logs).values(noted(3));
    const { statements, result } = await few.count(() => insert(few.db));
    expect(copiesOf(statements)).toEqual(['logs']);
    expect(describeResult(result as never)).toEqual(describeResult((await insert(check)) as never));
  });
});

test.each([{ keys: 'client' }, { parameters: 'describe' }] as const)(
  'with %o rows are copied, too, and the report counts the trips that were made',
  async (batch) => {
    const odd = await startCounted(database, { batch: { copyRows: 3, ...batch } });
    const { statements, trips, result } = await odd.count(() =>
      odd.db.transaction(async (tx) => {
        await tx.execute(sql`set local statement_timeout = 0`);
        odd.relay.reset();
        const parents = tx.insert(users).values(named(4));
        tx.insert(addresses).values(times(4, (n) => ({ email: `name ${n}`, userId: parents.ref('id', n) })));
        const report = await tx.flush();
        return { report, trips: odd.relay.trips };
      }),
    );
    expect(copiesOf(statements)).toEqual(['users', 'addresses']);
    expect(trips).toBe(result.trips + 1);
    expect(result.report).toMatchObject({ rows: 8, keys: 8, roundTrips: result.trips });
    const [wired] = rowsOf(
      await check.execute(
        sql`select count(*)::int from users u join addresses a on a.user_id = u.id and a.email = u.name`,
      ),
    );
    expect(wired).toEqual({ count: 4 });
  },
);

test('the logger sees COPY, and no row of it', async () => {
  const seen: [string, unknown[]][] = [];
  const logger = { logQuery: (text: string, params: unknown[]) => void seen.push([text, params]) };
  const db = batchedDrizzle(database.client(), { logger, batch: { copyRows: 3 } });
  await db.insert(logs).values(noted(3));
  expect(seen.at(-1)).toEqual(['copy "logs" ("level", "message") from stdin', []]);
});

describe('what comes behind a COPY in its transaction', () => {
  test('sees its rows: a count, a select, an update, a nested transaction', async () => {
    const seen = await few.db.transaction(async (tx) => {
      tx.insert(users).values(named(severalBlocks));
      const count = tx.$count(users);
      const selected = tx.select({ n: sql<number>`count(*)::int` }).from(users);
      const all = await Promise.all([count, selected]);
      await tx.transaction(async (nested) => {
        nested.insert(logs).values(noted(3));
        expect(await nested.$count(logs)).toBe(3);
      });
      const updated = await tx.update(users).set({ name: null }).returning();
      return [...all, updated.length];
    });
    expect(seen).toEqual([severalBlocks, [{ n: severalBlocks }], severalBlocks]);
    expect(await check.$count(logs)).toBe(3);
  });

  test('waits for its data, also where nobody waited for the flush', async () => {
    const { statements, result } = await few.count(() =>
      few.db.transaction(async (tx) => {
        tx.insert(logs).values(noted(severalBlocks));
        const flushed = tx.flush();
        const late = tx.execute(sql`select count(*)::int from logs`);
        const later = tx.insert(users).values({ name: 'later' }).returning();
        return [await flushed, rowsOf(await late), await later];
      }),
    );
    expect(result).toMatchObject([{ rows: severalBlocks }, [{ count: severalBlocks }], [{ name: 'later' }]]);
    expect(copiesOf(statements)).toEqual(['logs']);
  });

  test('a savepoint that is rolled back takes copied rows with it, and the outer ones stay', async () => {
    const enough = new Error('enough');
    await few.db.transaction(async (tx) => {
      tx.insert(users).values(named(3));
      const failing = tx.transaction(async (nested) => {
        nested.insert(logs).values(noted(3));
        await nested.flush();
        throw enough;
      });
      await expect(failing).rejects.toBe(enough);
      tx.insert(organizations).values(named(3));
    });
    expect(await Promise.all([users, logs, organizations].map((table) => check.$count(table)))).toEqual([
      3, 0, 3,
    ]);
  });
});
