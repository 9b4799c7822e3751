/** The round trips of statements other than queued inserts. */
import { eq, gt, inArray, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, errorOf } from '../support/drivers/chosen.ts';
import { rejectionOf } from '../support/process-events.ts';
import type { Relay } from '../support/relay.ts';
import * as schema from '../support/schema.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

type Db = PostgresJsDatabase<typeof schema>;

const check = drizzle(database.client());
let relay: Relay;
let ours: Db;
let plain: Db;

beforeAll(async () => {
  relay = await database.relay({ delay: 5 });
  const connect = () => database.client({ url: relay.url, max: 1 });
  ours = batchedDrizzle(connect(), { schema });
  plain = drizzle(connect(), { schema });
  for (const db of [ours, plain]) await db.execute(sql`select 1`);
});

beforeEach(async () => {
  await check.execute(emptyTables());
  await check.insert(users).values(range(60).map((n) => ({ name: `user ${n}` })));
});

async function tripsOf(db: Db, work: (db: Db) => PromiseLike<unknown>): Promise<number> {
  relay.reset();
  await work(db);
  return relay.trips;
}

let serial = 0;
/** A text that no statement has had before. */
const alias = (): string => `a${serial++}`;

describe('one trip at the second run of a text, and mostly at the first', () => {
  type Shape = readonly [name: string, first: 1 | 2, work: (db: Db) => PromiseLike<unknown>];
  const shapes: readonly Shape[] = [
    ['a select', 1, (db) => db.select().from(users).where(eq(users.id, 5))],
    ['a select with a limit', 1, (db) => db.select().from(users).where(gt(users.id, 5)).limit(3).offset(1)],
    [
      'a select of a list',
      1,
      (db) =>
        db
          .select()
          .from(users)
          .where(inArray(users.name, ['user 1', 'x'])),
    ],
    ['an update', 1, (db) => db.update(users).set({ name: 'new' }).where(eq(users.id, 5))],
    ['a delete', 1, (db) => db.delete(users).where(eq(users.name, 'nobody')).returning()],
    [
      'an upsert',
      1,
      (db) =>
        db
          .insert(users)
          .values({ id: 5, name: 'up' })
          .onConflictDoUpdate({ target: users.id, set: { name: 'up' } }),
    ],
    [
      'a relational query',
      1,
      (db) => db.query.users.findFirst({ where: eq(users.id, 5), with: { addresses: true } }),
    ],
    ['$count', 1, (db) => db.$count(users, eq(users.name, 'user 5'))],
    [
      'a CTE',
      1,
      (db) => {
        const few = db.$with('few').as(db.select().from(users).where(eq(users.id, 5)));
        return db.with(few).select().from(few);
      },
    ],
    [
      'a prepared statement',
      1,
      (db) =>
        db
          .select()
          .from(users)
          .where(eq(users.id, sql.placeholder('id')))
          .prepare('user_by_id')
          .execute({ id: 5 }),
    ],
    ['execute(sql) with a number and a string', 2, (db) => db.execute(sql`select ${5}::int, ${'x'} as it`)],
    ['execute(sql) with a date', 2, (db) => db.execute(sql`select ${new Date().toISOString()}::timestamptz`)],
    ['execute(sql) with null and a boolean', 1, (db) => db.execute(sql`select ${null}::text, ${true}`)],
    [
      'execute(sql) with an array',
      2,
      (db) => db.execute(sql`select id from users where id = any(${sql.param([1, 2])}::int[])`),
    ],
  ];

  test.each(shapes)('%s', async (_, first, work) => {
    expect(await tripsOf(ours, work)).toBe(Math.min(first, driver.plainTrips));
    expect(await tripsOf(ours, work)).toBe(1);
    expect(
      await tripsOf(ours, (db) => db.transaction(async (tx) => void (await work(tx as never)))),
    ).toBeLessThanOrEqual(3);
  });

  test('which in plain drizzle are those of the driver, each time', async () => {
    const described = shapes.filter(([name]) => name !== 'a prepared statement');
    for (const [name, , work] of described) {
      await work(plain);
      expect(await tripsOf(plain, work), name).toBe(driver.plainTrips);
    }
  });

  test("and two again with `batch.statements: 'describe'`", async () => {
    const client = database.client({ url: relay.url, max: 1 });
    const db = batchedDrizzle(client, { schema, batch: { statements: 'describe' } });
    await db.execute(sql`select 1`);
    expect(await tripsOf(db, () => db.select().from(users).where(eq(users.id, 5)))).toBe(driver.plainTrips);
    expect(await tripsOf(db, () => db.insert(logs).values({ level: 'a', message: 'b' }))).toBe(1);
  });
});

describe('in a transaction', () => {
  const transfer = (db: Db) =>
    db.transaction(async (tx) => {
      await tx.select().from(users).where(eq(users.id, 1));
      await tx.update(users).set({ name: alias() }).where(eq(users.id, 1));
      await tx.update(users).set({ name: alias() }).where(eq(users.id, 2));
      await tx.insert(addresses).values({ email: 'a', userId: 1 });
      await tx.insert(addresses).values({ email: 'b', userId: 2 });
    });

  test('a transfer of five awaited statements is 6 trips instead of 12', async () => {
    expect(await tripsOf(plain, transfer)).toBe(5 * driver.plainTrips + 2);
    expect(await tripsOf(ours, transfer)).toBe(6);
  });

  const first: [string, number, (tx: Db) => PromiseLike<unknown>][] = [
    ['a select', 2, (tx) => tx.select().from(users).where(eq(users.id, 1))],
    ['a relational query', 2, (tx) => tx.query.users.findMany({ with: { addresses: true }, limit: 2 })],
    ['an update', 2, (tx) => tx.update(users).set({ name: 'x' }).where(eq(users.id, 1)).returning()],
    ['a delete', 2, (tx) => tx.delete(users).where(eq(users.id, 1))],
    ['an insert', 2, (tx) => tx.insert(users).values({ name: alias() })],
    ['an update of all rows', 2 + driver.tripsOfBegin, (tx) => tx.update(users).set({ name: null })],
    [
      'a select with a lock',
      2 + driver.tripsOfBegin,
      (tx) => tx.select().from(users).where(eq(users.id, 1)).for('update'),
    ],
    [
      'a select with a function',
      2 + driver.tripsOfBegin,
      (tx) => tx.select({ it: sql`pg_backend_pid()` }).from(users),
    ],
    ['raw SQL', 2 + driver.tripsOfBegin, (tx) => tx.execute(sql`select pg_backend_pid()`)],
  ];

  test.each(first)(
    'that begins with %s: BEGIN, the statement and COMMIT are %i trips',
    async (_, trips, work) => {
      const run = (db: Db) => db.transaction(async (tx) => void (await work(tx as never)));
      expect(await tripsOf(ours, run)).toBe(trips);
    },
  );

  const many: [string, number, (tx: Db) => PromiseLike<unknown>[]][] = [
    ['50 selects', 2, (tx) => range(50).map((n) => tx.select().from(users).where(eq(users.id, n)))],
    [
      '50 updates',
      2,
      (tx) =>
        range(50).map((n) =>
          tx
            .update(users)
            .set({ name: `n${n}` })
            .where(eq(users.id, n)),
        ),
    ],
    [
      '50 relational queries',
      2,
      (tx) => range(50).map((n) => tx.query.users.findFirst({ where: eq(users.id, n) })),
    ],
    [
      '10 each of update, delete and insert, and a select',
      4,
      (tx) => [
        ...range(10).flatMap((n) => [
          tx
            .update(users)
            .set({ name: `m${n}` })
            .where(eq(users.id, n)),
          tx.delete(users).where(eq(users.id, 100 + n)),
          tx.insert(users).values({ name: `new ${n}` }),
        ]),
        tx.select().from(users),
      ],
    ],
  ];

  test.each(many)('%s of one turn are at most %i trips with BEGIN and COMMIT', async (_, trips, work) => {
    const run = (db: Db) => db.transaction((tx) => Promise.all(work(tx as never)));
    const expected = await tripsAndRows(plain, run);
    await check.execute(emptyTables());
    await check.insert(users).values(range(60).map((n) => ({ name: `user ${n}` })));
    const given = await tripsAndRows(ours, run);
    expect(given.rows).toEqual(expected.rows);
    expect(expected.trips).toBeGreaterThan(30 * driver.plainTrips);
    expect(given.trips).toBeLessThanOrEqual(trips);
  });

  async function tripsAndRows(db: Db, run: (db: Db) => PromiseLike<unknown>) {
    const trips = await tripsOf(db, run);
    return { trips, rows: await check.select().from(users).orderBy(users.id) };
  }

  test('a select leaves with the rows that are queued before it, if the tables are known to have no policies', async () => {
    const run = (db: Db) =>
      db.transaction(async (tx) => {
        const insert = tx.insert(users).values({ name: alias() });
        await tx.select().from(users).where(eq(users.id, 5));
        await insert;
      });
    await tripsOf(ours, run);
    expect(await tripsOf(ours, run)).toBe(2 + driver.tripsOfBegin);
  });

  test('a transaction that reads, and whose last inserts name rows, asks the catalog once, and sends no savepoint', async () => {
    // It has learned nothing yet.
    const db = batchedDrizzle(database.client({ url: relay.url, max: 1 }), { schema });
    await db.execute(sql`select 1`);
    const run = () =>
      db.transaction(async (tx) => {
        await tx.select().from(users).where(eq(users.id, 5));
        const parent = tx.insert(users).values({ name: alias() });
        tx.insert(addresses).values({ email: alias(), userId: parent.ref('id') });
      });
    const trips: number[] = [];
    for (let n = 0; n < 3; n++) trips.push(await tripsOf(ours, run));
    expect(trips).toEqual([3, 2, 2]);
    expect(relay.statements.filter((text) => /savepoint|lock table|pg_class/i.test(text))).toEqual([]);
  });

  test('statements that do not know their types leave together once the first of them has been answered', async () => {
    const name = alias();
    const run = (db: Db) =>
      db.transaction((tx) =>
        Promise.all(range(50).map((n) => tx.execute(sql`select ${n}::int as ${sql.identifier(name)}`))),
      );
    expect(await tripsOf(ours, run)).toBeLessThanOrEqual(5);
  });

  test.runIf(driver.guard.isMarked)(
    'the mark that their guards depend on is set once, and not if BEGIN has been answered',
    async () => {
      relay.reset();
      await ours.transaction(async (tx) => {
        const change = (n: number) =>
          tx
            .update(users)
            .set({ name: `g${n}` })
            .where(eq(users.id, n));
        await Promise.all(range(3).map(change));
        await change(4);
      });
      expect(relay.statements.filter((text) => text.includes('set local'))).toEqual([driver.guard.begin]);
      expect(relay.statements.filter((text) => text.includes('pg_catalog.current_setting'))).toHaveLength(3);
    },
  );

  test.runIf(driver.guard.isMarked)(
    'the mark leaves by itself, and once, if what BEGIN leaves with does not need it',
    async () => {
      relay.reset();
      const run = (db: Db) =>
        db.transaction((tx) =>
          Promise.all([
            tx.select().from(users).where(eq(users.id, 1)),
            ...range(2).map((n) =>
              tx
                .update(users)
                .set({ name: `h${n}` })
                .where(eq(users.id, n)),
            ),
          ]),
        );
      expect(await tripsOf(ours, run)).toBe(2);
      const marks = relay.statements.filter((text) => text.includes('set local'));
      expect(marks).toEqual([driver.guard.begin.replace('begin; ', '')]);
    },
  );

  test('behind a failure the others are refused with 25P02, and say which one it was', async () => {
    const failed = await ours
      .transaction((tx) =>
        Promise.allSettled([
          tx.select().from(users).where(eq(users.id, 1)),
          tx.update(users).set({ name: 'user 2' }).where(eq(users.id, 1)),
          tx.select().from(users).where(eq(users.id, 2)),
        ]).then((all) => {
          throw Object.assign(new Error('enough'), { all });
        }),
      )
      .catch((error) => error.all as PromiseSettledResult<unknown>[]);
    expect(failed.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    const behind = (failed[2] as PromiseRejectedResult).reason.cause;
    expect(behind).toMatchObject({ code: '25P02', cause: errorOf({ code: '23505', table_name: 'users' }) });
    expect(behind.cause.message).toBe('an earlier statement of the transaction failed with 23505');
    expect(behind.cause).not.toHaveProperty('detail');
  });

  test('a nested transaction does not run behind an insert that fails', async () => {
    const ran: string[] = [];
    const run = (db: Db) =>
      db.transaction((tx) =>
        Promise.all([
          tx.insert(users).values({ name: 'user 1' }).execute(),
          tx.transaction(async () => void ran.push('nested')),
        ]),
      );
    await expect(run(plain)).rejects.toThrow();
    expect(ran).toEqual([]);
    await expect(run(ours)).rejects.toThrow();
    expect(ran).toEqual([]);
  });
});

describe('on the database', () => {
  let warm: Counted;
  beforeAll(async () => {
    warm = await startCounted(database, { knowing: false });
  });

  test("no statement waits behind a stranger's lock that another one of its turn waits for", async () => {
    const db = batchedDrizzle(database.client({ max: 2 }));
    await Promise.all([db.execute(sql`select 1`), db.execute(sql`select 2`)]);
    const stranger = drizzle(database.client({ max: 1 }));
    await stranger.execute(sql`begin`);
    await stranger.execute(sql`update users set name = null where id = 1`);
    const waits = db
      .update(users)
      .set({ name: 'x' })
      .where(eq(users.id, 1))
      .then(() => 'updated');
    const passes = [1, 2, 3].map((id) =>
      db
        .select()
        .from(users)
        .where(eq(users.id, id + 1)),
    );
    expect((await Promise.all(passes)).flat()).toHaveLength(3);
    await stranger.execute(sql`commit`);
    expect(await waits).toBe('updated');
  });

  test.skipIf(!driver.ownTypes)('a statement prepared by a name is serialised once, each time', async () => {
    const types = { t: { to: 25, from: [25], serialize: (it: unknown) => `${it}~`, parse: String } };
    const db = batchedDrizzle(database.client({ max: 1, own: { types } }));
    const ask = async () => {
      const prepared = db
        .select({ it: sql`${sql.placeholder('it')}::text` })
        .from(users)
        .limit(1)
        .prepare('serialised');
      return prepared.execute({ it: 'x' });
    };
    for (let run = 0; run < 3; run++) expect(await ask()).toEqual([{ it: 'x~' }]);
  });

  test('texts that differ are described each', async () => {
    const { trips } = await warm.count(async () => {
      for (const n of range(3))
        await warm.db.execute(sql.join([sql`select `, sql`${n}`, sql.raw(`::int as c${n}`)]));
    });
    expect(trips).toBe(3 * driver.plainTrips);
  });

  test('a raw update or upsert leaves what is known of other texts as it is', async () => {
    const ask = () => warm.db.execute(sql`select ${5}::int as kept`);
    await ask();
    await warm.db.execute(sql`update users set name = null where id = ${-1}`);
    await warm.db.execute(sql`insert into users (id) values (1) on conflict do nothing`);
    expect((await warm.count(ask)).trips).toBe(1);
    await warm.db.execute(sql`set local lock_timeout = 0`);
    expect((await warm.count(ask)).trips).toBe(driver.plainTrips);
  });

  test.runIf(driver.describes)(
    'a column whose type another statement of the database has changed is described again',
    async () => {
      await check.execute(sql`create table turning (id int, it text)`);
      const ask = (it: string) => warm.db.execute(sql`select id from turning where it = ${it}`);
      await warm.db.execute(sql`insert into turning values (1, 'true')`);
      expect(await ask('true')).toHaveLength(1);
      await warm.db.execute(sql`alter table turning alter it type boolean using it::boolean`);
      // postgres.js writes false for any text.
      expect(await ask('true')).toHaveLength(0);
      const { trips } = await warm.count(() => ask('true'));
      expect(trips).toBe(1);
    },
  );

  test.runIf(driver.describes)(
    'a column whose type another session has changed is known with the next answer',
    async () => {
      await check.execute(sql`create table turned (id int, it text)`);
      const ask = () => warm.db.execute(sql`select id from turned where it = ${'true'}`);
      await warm.db.execute(sql`insert into turned values (1, 'true')`);
      expect(await ask()).toHaveLength(1);
      await check.execute(sql`alter table turned alter it type boolean using it::boolean`);
      // Written as the text that it was, and then as postgres.js writes it.
      expect(await ask()).toHaveLength(1);
      expect(await ask()).toHaveLength(0);
    },
  );

  test.runIf(driver.describes)(
    'the error of a statement prepared by a name, whose result another session has changed, has the parameters of drizzle',
    async () => {
      await check.execute(sql`create table changing (id text, it text)`);
      const parametersOf = async (make: typeof drizzle): Promise<unknown> => {
        await check.execute(sql`alter table changing alter it type text using it::text`);
        const db = make(database.client({ max: 1 }));
        const ask = () =>
          db.transaction((tx) =>
            tx
              .select({ all: sql`changing.*` })
              .from(sql`changing`)
              .where(sql`id = ${7}`)
              .prepare('all of changing')
              .execute(),
          );
        await ask();
        await check.execute(sql`alter table changing alter it type boolean using it::boolean`);
        const { cause } = await rejectionOf(ask());
        const { code, parameters } = cause as { code?: string; parameters?: unknown };
        return { code, parameters };
      };
      const ofPlain = await parametersOf(drizzle);
      expect(ofPlain).toEqual({ code: '0A000', parameters: ['7'] });
      expect(await parametersOf(batchedDrizzle)).toEqual(ofPlain);
    },
  );
});

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}
