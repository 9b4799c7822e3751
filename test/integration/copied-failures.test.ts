/** The outcome of rows written by COPY, if one of them is refused. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FlushMessage } from '../../src/index.ts';
import { copiesOf, named, times } from '../support/copies.ts';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, countOf, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import { endsDuring, rejectionOf } from '../support/process-events.ts';
import { tell } from '../support/same-rows.ts';
import { addresses, logs, teams, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';
import { codeOf, outcomeOf } from '../support/trace.ts';

const database = useDatabase();

const check = drizzle(database.client({ max: 1 }));
let few: Counted;
let usual: Counted;

beforeAll(async () => {
  few = await startCounted(database, { batch: { copyRows: 3 } });
  usual = await startCounted(database);
});
beforeEach(() => check.execute(emptyTables()));

/** Behind a refused statement: a COPY that the server has skipped is sent again, to be refused. */
const again = (table: string) => times(driver.tripsOfRefusal, () => table);

describe('on the database', () => {
  test('of 20,000 inserts the one that is refused rejects with its own error, and all others are written', async () => {
    const bad = 13_131;
    const { statements, result } = await usual.count(() =>
      Promise.allSettled(
        times(20_000, (n) => {
          const insert = usual.db
            .insert(users)
            .values({ name: n === bad ? 'too long '.repeat(9) : `name ${n}` });
          return n % 2 ? insert.returning({ id: users.id }) : insert;
        }),
      ),
    );
    expect(copiesOf(statements)).toEqual(['users']);
    const refused = result.flatMap((each, n) => (each.status === 'rejected' ? [{ n, ...each }] : []));
    expect(refused.map(({ n }) => n)).toEqual([bad]);
    const { reason } = refused[0] as { reason: Error & { params: unknown[] } };
    expect(codesOf(reason)).toContain('22001');
    expect(reason.params).toEqual(['too long '.repeat(9)]);
    const names = new Map((await check.select().from(users)).map(({ id, name }) => [id, name]));
    expect(names.size).toBe(19_999);
    const returned = result.flatMap((each, n) =>
      each.status === 'fulfilled' && n % 2
        ? [[n, (each.value as { id: number }[])[0]?.id ?? 0] as const]
        : [],
    );
    expect(returned).toHaveLength(9_999);
    expect(returned.filter(([n, id]) => names.get(id) !== `name ${n}`)).toEqual([]);
  });

  test('children of the one that is refused reject with it as their cause, the others are written', async () => {
    const { statements, result } = await few.count(() => {
      const parents = times(8, (n) =>
        few.db.insert(users).values({ name: n === 5 ? 'name 4' : `name ${n}` }),
      );
      const children = parents.map((parent, n) =>
        few.db.insert(addresses).values({ email: `name ${n}`, userId: parent.ref('id') }),
      );
      return Promise.allSettled([...parents, ...children]);
    });
    expect(copiesOf(statements)).toContain('users');
    const failed = result.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
    expect(failed).toEqual([5, 13]);
    expect(codesOf((result[13] as PromiseRejectedResult).reason)).toEqual(['BAD_REFERENCE', '23505']);
    const wired = rowsOf(
      await check.execute(sql`select from users u join addresses a on a.user_id = u.id and a.email = u.name`),
    );
    expect(wired).toHaveLength(7);
  });

  test('flush() tells what it has not written, and the channel what it has', async () => {
    const seen: FlushMessage[] = [];
    const note = (message: unknown): void => void seen.push(message as FlushMessage);
    subscribe('batched-drizzle:flush', note);
    try {
      few.db.insert(logs).values(times(4, (n) => ({ level: `${n}`, message: '' })));
      const report = await few.db.flush();
      few.relay.reset();
      few.db.insert(users).values(named(4));
      expect(await few.db.flush()).toMatchObject({ rows: 4, statements: 3, roundTrips: few.relay.trips });
      few.db.insert(users).values(named(4));
      expect(codesOf(await rejectionOf(few.db.flush()))).toEqual(['23505']);
      expect(seen).toMatchObject([
        { event: 'start', rows: 4, tables: ['"logs"'] },
        { event: 'end', report },
        { event: 'start' },
        {
          event: 'end',
          report: { rows: 4, keys: 0, tables: [{ table: '"users"', rows: 4, statements: 1 }] },
        },
        { event: 'start' },
        { event: 'error', failures: [{ table: '"users"', rows: 4, code: '23505' }], report: { rows: 0 } },
      ]);
    } finally {
      unsubscribe('batched-drizzle:flush', note);
    }
  });
});

describe('beside others', () => {
  const noted = (name: string, count = 4) => times(count, (n) => ({ level: name, message: `${n}` }));

  test('a COPY that would wait for a lock is sent again alone, and waits as one insert alone would', async () => {
    const batched = batchedDrizzle(database.client({ max: 3 }), { batch: { copyRows: 3 } });
    await check
      .transaction(async (tx) => {
        await tx.execute(sql`lock table logs in exclusive mode`);
        const inserts = ['a', 'b'].map((name) => batched.insert(logs).values(noted(name)));
        const free = batched.insert(users).values(named(3));
        const written = Promise.all(inserts);
        await free;
        const waiting = sql`select query from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into%where false'`;
        const watch = drizzle(database.client({ max: 1 }));
        await expect
          .poll(async () => rowsOf(await watch.execute(waiting)), { timeout: 9_000 })
          .toHaveLength(2);
        return { written };
      })
      .then(({ written }) => written);
    expect(await check.$count(logs)).toBe(8);
    expect(await check.$count(users)).toBe(3);
  });

  test('many transactions at the same time copy each its own, on few connections', async () => {
    const batched = batchedDrizzle(database.client({ max: 3 }), { batch: { copyRows: 3 } });
    await Promise.all(
      times(20, (n) =>
        batched
          .transaction(async (tx) => {
            const parents = tx.insert(users).values(times(500, (row) => ({ name: `${n} ${row}` })));
            tx.insert(addresses).values(
              times(500, (row) => ({ email: `${n} ${row}`, userId: parents.ref('id', row) })),
            );
            if (n % 4 === 0) throw new Error('enough');
          })
          .catch((error: Error) => expect(error.message).toBe('enough')),
      ),
    );
    const wired = sql`select from users u join addresses a on a.user_id = u.id and a.email = u.name`;
    expect(rowsOf(await check.execute(wired))).toHaveLength(15 * 500);
    expect(await check.$count(addresses)).toBe(15 * 500);
  });

  test('a callback that throws while its rows are copied leaves nothing, and its connection is whole', async () => {
    const enough = new Error('enough');
    const ends = await endsDuring(async () => {
      const { statements } = await few.count(() =>
        few.db
          .transaction(async (tx) => {
            tx.insert(logs).values(noted('thrown', 9_000));
            tx.flush().catch(() => {});
            await tx.execute(sql`select 1`);
            tx.insert(logs)
              .values(noted('thrown', 9_000))
              .catch(() => {});
            throw enough;
          })
          .catch((error) => expect(error).toBe(enough)),
      );
      expect(copiesOf(statements)).toContain('logs');
      expect(statements.at(-1)).toBe('rollback');
    });
    expect(ends).toEqual([]);
    expect(await check.$count(logs)).toBe(0);
    await few.db.insert(logs).values(noted('next'));
    expect(await check.$count(logs)).toBe(4);
  });
});

describe('in a transaction', () => {
  const cases: [string, string, (db: PostgresJsDatabase) => Promise<unknown>][] = [
    [
      'a value out of range',
      '22003',
      (db) => db.insert(wide).values([...times(9, () => ({ small: 1 })), { small: 40_000 }]),
    ],
    ['a key that is there', '23505', (db) => db.insert(users).values([...named(9), { name: 'name 3' }])],
    [
      'a child without its parent',
      '23503',
      (db) => db.insert(teams).values(times(9, (n) => ({ name: 'x', organizationId: n }))),
    ],
  ];

  test.each(cases)("%s fails with drizzle's error, and nothing of it is written", async (_, code, write) => {
    const run = (db: PostgresJsDatabase) =>
      tell(() =>
        db.transaction(async (tx) => {
          await tx.insert(logs).values(times(5, () => ({ level: 'a', message: 'b' })));
          await write(tx);
        }),
      );
    const { statements, result } = await few.count(() => run(few.db));
    expect(copiesOf(statements)).toHaveLength(2);
    expect(result).toEqual(await run(check));
    expect((result as { error: unknown[] }).error).toContain(code);
    const counts = await Promise.all([logs, wide, users, teams].map((table) => check.$count(table)));
    expect(counts).toEqual([0, 0, 0, 0]);
    // The connection still works.
    expect(countOf(await few.db.insert(logs).values(times(3, () => ({ level: 'a', message: 'b' }))))).toBe(3);
  });

  test('a COPY that fails leaves its error with its own insert, as in drizzle, and no promise is left', async () => {
    const told: unknown[] = [];
    const ends = await endsDuring(async () => {
      const { statements, result } = await few.count(() =>
        rejectionOf(
          few.db.transaction(async (tx) => {
            const inserts = [
              tx.insert(users).values(named(3)),
              tx.insert(addresses).values(times(3, () => ({ email: 'a', userId: 999_999 }))),
              tx.insert(logs).values(times(3, () => ({ level: 'a', message: 'b' }))),
            ];
            for (const end of await Promise.all(inserts.map(outcomeOf)))
              told.push('error' in end ? codeOf(end.error) : 'fulfilled');
          }),
        ),
      );
      expect(copiesOf(statements)).toEqual(['users', 'addresses', 'logs', ...again('logs')]);
      expect(codesOf(result)).toContain('23503');
    });
    expect(ends).toEqual([]);
    expect(told).toEqual(['fulfilled', '23503', '25P02']);
    expect(await Promise.all([users, addresses, logs].map((table) => check.$count(table)))).toEqual([
      0, 0, 0,
    ]);
  });

  test('the line that COPY tells, and with it the values of whatever row, is left out of the error', async () => {
    await check.execute(sql`
      create function picky(text) returns boolean language plpgsql as 'begin if $1 = ''odd'' then raise ''odd''; end if; return true; end';
      alter table logs add constraint picky check (picky(message))`);
    const cases: [copies: string[], write: (db: PostgresJsDatabase) => Promise<unknown>][] = [
      [
        ['users'],
        (db) => db.insert(users).values([...named(3), { name: 'secret\nCOPY x, line 1 '.repeat(9) }]),
      ],
      // Ahead of COPY the server finds that the table has changed.
      [['logs'], (db) => db.insert(logs).values(times(4, () => ({ level: 'secret', message: 'odd' })))],
    ];
    for (const [copies, write] of cases) {
      const failed = async (db: PostgresJsDatabase) =>
        (await rejectionOf(write(db))).cause as { where?: string };
      const { statements, result } = await few.count(() => failed(few.db));
      expect(copiesOf(statements)).toEqual(copies);
      const { where } = await failed(check);
      expect(result.where).toBe(where);
      expect(Object.keys(result).includes('where')).toBe(where !== undefined);
      expect(inspect(result, { depth: 9 })).not.toContain('secret');
    }
    await check.execute(sql`alter table logs drop constraint picky`);
  });

  test('a deferred constraint is refused at COMMIT, as in drizzle', async () => {
    await check.execute(
      sql`alter table addresses alter constraint addresses_user_id_users_id_fk deferrable initially deferred`,
    );
    const write = (db: PostgresJsDatabase) =>
      tell(() =>
        db.transaction(async (tx) => {
          await tx.insert(addresses).values(times(4, () => ({ email: 'a', userId: 999_999 })));
        }),
      );
    const [expected, given] = [await write(check), await write(few.db)];
    expect(given).toEqual(expected);
    expect((given as { error: unknown[] }).error).toContain('23503');
    expect(await check.$count(addresses)).toBe(0);
  });

  test('nothing is copied into a table that was made anew since its facts were learned: they are learned again', async () => {
    // Fewer would go by own statements at the second attempt.
    const rows = times(101, () => ({ level: 'a', message: 'b' }));
    // The tests before have changed the table, and what the client has learned from them may not be proved any more.
    const knowing = await startCounted(database, { batch: { copyRows: 3 } });
    await knowing.db.insert(logs).values(rows);
    await check.delete(logs);
    await check.execute(
      sql`alter table logs rename to old_logs; create table logs (level text, message text, more int default 7)`,
    );
    const { statements } = await knowing.count(() =>
      knowing.db.transaction(async (tx) => {
        for (const row of rows) tx.insert(logs).values(row);
      }),
    );
    expect(copiesOf(statements)).toEqual(['logs', ...again('logs'), 'logs']);
    expect(rowsOf(await check.execute(sql`select count(*)::int, sum(more)::int from logs`))).toMatchObject([
      { count: 101, sum: 707 },
    ]);
    expect(rowsOf(await check.execute(sql`select from old_logs`))).toHaveLength(0);
  });
});
