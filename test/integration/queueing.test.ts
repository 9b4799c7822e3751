import { sql } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, countOf, driver, drizzle } from '../support/drivers/chosen.ts';
import { endOfTurn } from '../support/end-of-turn.ts';
import { rejectionOf, warningsDuring } from '../support/process-events.ts';
import { logs, tokens, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
let warm: Counted;

beforeAll(async () => {
  warm = await startCounted(database);
});
beforeEach(() => check.execute(emptyTables()));

type Scope = Pick<BatchedDatabase, 'insert' | 'execute' | 'flush' | 'pending'>;

/** The two columns of the contract's table of triggers. */
const scopes: [name: string, within: <T>(work: (scope: Scope) => Promise<T>) => Promise<T>][] = [
  ['in a transaction', (work) => warm.db.transaction((tx) => work(tx))],
  ['on the database', (work) => work(warm.db)],
];

function named(name: string) {
  return (scope: Scope) => scope.insert(users).values({ name });
}

describe.each(scopes)('an insert %s', (_, within) => {
  /** Ways to await an insert. The value they settle to is the same as without an explicit flush. */
  const ways: [string, (insert: ReturnType<ReturnType<typeof named>>, scope: Scope) => unknown][] = [
    ['await', (insert) => insert],
    ['then()', (insert) => insert.then()],
    ['catch()', (insert) => insert.catch(() => {})],
    ['finally()', (insert) => insert.finally(() => {})],
    ['execute()', (insert) => insert.execute()],
    ['handing it to db.execute()', (insert, scope) => scope.execute(insert)],
  ];

  test.each(ways)('is awaited by %s, and written by the end of this turn', async (_, awaitIt) => {
    await within(async (scope) => {
      const insert = named('a')(scope);
      expect(scope.pending).toBe(1);
      const all = Promise.all([awaitIt(insert, scope)]);
      // `Promise.all` calls `then` one microtask later, and a flush waits for the end of the turn.
      await undefined;
      await endOfTurn();
      expect(scope.pending).toBe(0);
      expect((await all).map(countOf)).toEqual([1]);
    });
    expect(await check.$count(users)).toBe(1);
  });

  test('is queued when it is called, with the values it has then', async () => {
    const row = { name: 'then' };
    await within(async (scope) => {
      const insert = scope.insert(users).values(row).returning({ name: users.name });
      row.name = 'later';
      expect(await insert).toEqual([{ name: 'then' }]);
    });
    expect(await check.select({ name: users.name }).from(users)).toEqual([{ name: 'then' }]);
  });

  test('runs $defaultFn once', async () => {
    const made = vi.spyOn(crypto, 'randomUUID');
    try {
      await within(async (scope) => {
        const insert = scope.insert(tokens).values({ label: 'a' }).onConflictDoNothing().returning();
        expect(made).toHaveBeenCalledTimes(1);
        insert.toSQL();
        const [row] = await insert;
        await insert;
        await scope.flush();
        expect(row?.id).toBe(made.mock.results[0]?.value);
      });
      expect(made).toHaveBeenCalledTimes(1);
    } finally {
      made.mockRestore();
    }
  });

  test('is changed by returning() and onConflict…() while it is queued', async () => {
    await check.insert(users).values({ id: 1, name: 'taken' });
    await within(async (scope) => {
      const insert = scope.insert(users).values({ id: 1, name: 'new' });
      insert.onConflictDoUpdate({ target: users.id, set: { name: 'changed' } });
      const changed = insert as unknown as ReturnType<typeof insert.returning>;
      (changed as unknown as typeof insert).returning();
      await scope.flush();
      expect(await changed).toEqual([{ id: 1, name: 'changed' }]);
    });
    expect(await check.select().from(users)).toEqual([{ id: 1, name: 'changed' }]);
  });

  test('whose chained call throws is withdrawn', async () => {
    await within(async (scope) => {
      const both = { target: users.id, set: { name: 'b' }, where: sql`true`, setWhere: sql`true` };
      expect(() => named('a')(scope).onConflictDoUpdate(both)).toThrow('You cannot use both "where"');
      expect(scope.pending).toBe(0);
      expect(await scope.flush()).toMatchObject({ rows: 0 });
    });
    expect(await check.$count(users)).toBe(0);
  });

  test('that is executed already is written as it was, if a chained call throws', async () => {
    await within(async (scope) => {
      const insert = scope.insert(users).values({ name: 'a' });
      const executed = insert.execute();
      const both = { target: users.id, set: { name: 'b' }, where: sql`true`, setWhere: sql`true` };
      expect(() => insert.onConflictDoUpdate(both)).toThrow('You cannot use both "where"');
      await executed;
    });
    expect(await check.$count(users)).toBe(1);
  });

  test('runs once: awaiting it again gives the same rows, or the same error', async () => {
    const seen = await within(async (scope) => {
      const insert = scope.insert(users).values({ name: 'a' }).returning();
      const results = [await insert, await insert, (await Promise.all([insert, insert.execute()]))[1]];
      return { insert, results };
    });
    expect(await seen.insert).toEqual(await check.select().from(users));
    for (const result of seen.results) expect(result).toEqual(await seen.insert);

    const failing = within(async (scope) => {
      const insert = named('a')(scope);
      const errors = [
        await rejectionOf(insert),
        await rejectionOf(insert),
        await rejectionOf(insert.execute()),
      ];
      expect(new Set(errors).size).toBe(1);
    });
    await failing.catch((error) => {
      expect(driver.unwrapped(error, /^commit$/)).toMatchObject({ code: '23505' });
    });
    expect(await check.$count(users)).toBe(1);
  });

  const describing: [string, (insert: ReturnType<ReturnType<typeof named>>) => unknown][] = [
    ['toSQL()', (insert) => insert.toSQL()],
    ['getSQL()', (insert) => insert.getSQL()],
    ['embedding', (insert) => drizzle.mock().execute(sql`${insert}`).getQuery()],
    ['prepare()', (insert) => insert.prepare('only_described')],
  ];
  test.each(describing)(
    'that %s only describes is out of the queue: flush() says so, and awaiting puts it back',
    async (_, describeIt) => {
      const warnings = await warningsDuring(() =>
        within(async (scope) => {
          const insert = named('a')(scope);
          describeIt(insert);
          expect(scope.pending).toBe(0);
          expect(await scope.flush()).toMatchObject({ rows: 0 });
          await insert;
          await scope.flush();
        }),
      );
      expect(warnings.map(({ message }) => message)).toEqual([
        'an insert of 1 row into "users" was described (toSQL, getSQL or prepare) and never awaited; flush() does not write it',
      ]);
      expect(await check.$count(users)).toBe(1);
    },
  );
});

describe('flushes', () => {
  test('of one transaction run one after the other, in order', async () => {
    const { statements } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        // The first flush has to query the facts of a table, and the next one must not overtake it meanwhile.
        tx.insert(wide).values({ note: 'first' });
        const flushed = ['a', 'b', 'c'].map((name) => {
          tx.insert(users).values([{ name }, { name: `${name}2` }]);
          return tx.flush();
        });
        expect((await Promise.all(flushed)).map(({ rows }) => rows)).toEqual([3, 2, 2]);
      }),
    );
    const order = statements.flatMap((text) => text.match(/insert into "(\w+)"/)?.[1] ?? []);
    expect(order.slice(0, 2).toSorted()).toEqual(['users', 'wide']);
    expect(order.slice(2)).toEqual(['users', 'users']);
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows.map(({ name }) => name)).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2']);
  });

  test('start by themselves in a transaction at maxRows; later inserts go to the next batch', async () => {
    const { db, count } = await startCounted(database, { batch: { maxRows: 60 } });
    // So many entries that each flush of them is one shared statement.
    const { statements } = await count(() =>
      db.transaction(async (tx) => {
        for (let turn = 0; turn < 5; turn++) {
          for (let row = 0; row < 30; row++) tx.insert(logs).values({ level: `${turn}`, message: `${row}` });
          expect(tx.pending).toBe(turn % 2 === 0 ? 30 : 60);
          await endOfTurn();
          expect(tx.pending).toBe(turn % 2 === 0 ? 30 : 0);
        }
      }),
    );
    expect(statements.filter((text) => text.includes('insert into "logs"'))).toHaveLength(3);
    expect(await check.$count(logs)).toBe(150);
  });

  test('start by themselves in a transaction at maxBytes', async () => {
    const db = batchedDrizzle(database.client(), { batch: { maxBytes: 1_000 } });
    await db.transaction(async (tx) => {
      tx.insert(logs).values({ level: 'a', message: 'x'.repeat(600) });
      await endOfTurn();
      expect(tx.pending).toBe(1);
      tx.insert(logs).values({ level: 'b', message: 'x'.repeat(600) });
      await endOfTurn();
      expect(tx.pending).toBe(0);
    });
    expect(await check.$count(logs)).toBe(2);
  });
});
