/** Many rows of a table in one flush, which COPY writes: how, and whose keys they get. */
import { sql } from 'drizzle-orm';
import { bigint, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { copiesOf, times } from '../support/copies.ts';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { addresses, events, logs, members, nodes, organizations, teams, users } from '../support/schema.ts';
import { describeResult } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** Enough that rows are made in more than one block. */
const many = 4_500;

let check: PostgresJsDatabase;
let few: Counted;

beforeAll(async () => {
  check = drizzle(database.connect({ max: 1 }));
  few = await startCounted(database, { batch: { copyRows: 3 } });
});
beforeEach(() => check.execute(emptyTables()));

const named = (count: number) => times(count, (n) => ({ name: `name ${n}` }));
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
        tx.insert(events).values([...times(3, () => ({ kind: 'now' })), early]);
      }),
    );
    expect(copiesOf(statements)).toEqual(['events']);
    expect(statements.filter((text) => text.includes('insert into "events"'))).toHaveLength(1);
    const stored = await check.select().from(events);
    expect(stored.filter(({ at }) => at.getTime() === 0)).toMatchObject([{ kind: 'early' }]);
    expect(stored).toHaveLength(4);
  });

  test('in one trip more, which BEGIN, the keys and COMMIT travel along with', async () => {
    const { trips, statements } = await few.count(() =>
      few.db.transaction(async (tx) => void tx.insert(logs).values(noted(many))),
    );
    expect(trips).toBe(2);
    expect(statements.map((text) => text.slice(0, 6))).toEqual(['begin', 'select', 'copy "', 'commit']);
  });

  test('with a trip for each table of them, whose ids are wired', async () => {
    const { trips, statements, result } = await few.count(() =>
      few.db.transaction((tx) => {
        const parents = tx.insert(users).values(named(many));
        tx.insert(addresses).values(
          times(many, (n) => ({ email: `name ${n}`, userId: parents.ref('id', n) })),
        );
        return tx.flush();
      }),
    );
    expect(copiesOf(statements)).toEqual(['users', 'addresses']);
    // COMMIT is one by itself, since the callback waited.
    expect(trips).toBe(4);
    expect(result).toMatchObject({ rows: 2 * many, keys: 2 * many, statements: 3, roundTrips: 3 });
    const [wired] = await check.execute(
      sql`select count(*)::int from users u join addresses a on a.user_id = u.id and a.email = u.name`,
    );
    expect(wired).toEqual({ count: many });
  });

  test('and a caller without returning() is given what drizzle gives', async () => {
    const insert = (db: PostgresJsDatabase) => db.insert(logs).values(noted(3));
    const { statements, result } = await few.count(() => insert(few.db));
    expect(copiesOf(statements)).toEqual(['logs']);
    expect(describeResult(result as never)).toEqual(describeResult((await insert(check)) as never));
  });
});

describe('the ids given back are those of their rows', () => {
  const always = pgTable('always', { id: integer().primaryKey(), name: text() });
  const byDefault = pgTable('by_default', { id: bigint({ mode: 'bigint' }).primaryKey(), name: text() });
  const steps = pgTable('steps', { id: integer().primaryKey(), name: text() });
  const falling = pgTable('falling', { id: integer().primaryKey(), name: text() });
  const uuids = pgTable('uuids', { id: uuid().primaryKey(), name: text() });
  const shared = pgTable('shared', { id: integer().primaryKey(), name: text() });
  const tables = { always, byDefault, steps, falling, uuids, shared, users };

  // Drizzle's own columns say that the database makes their keys.
  for (const [name, table] of Object.entries(tables)) {
    if (name === 'users') continue;
    Object.assign(table.id, { hasDefault: true });
    if (name === 'always') Object.assign(table.id, { generatedIdentity: { type: 'always' } });
    if (name === 'byDefault') Object.assign(table.id, { generatedIdentity: { type: 'byDefault' } });
  }

  beforeAll(() =>
    check.execute(sql`
      create table always (id int primary key generated always as identity, name text);
      create table by_default (id bigint primary key generated by default as identity (start 9007199254740993), name text);
      create sequence by_tens increment 10 start 7;
      create table steps (id int primary key default nextval('by_tens'), name text);
      create sequence down increment -1 start -1;
      create table falling (id int primary key default nextval('down'), name text);
      create table uuids (id uuid primary key default gen_random_uuid(), name text);
      create sequence "odd name";
      create table shared (id int primary key default nextval('"odd name"'), name text)`),
  );

  const cases = Object.keys(tables) as (keyof typeof tables)[];

  test.each(cases)('by one values() of many rows: %s', async (name) => {
    const table = tables[name];
    const rows = named(many);
    const { statements, result } = await few.count(() =>
      few.db
        .insert(table as typeof users)
        .values(rows)
        .returning({ id: table.id }),
    );
    expect(copiesOf(statements)).toHaveLength(1);
    await holds(table, rows, result);
  });

  test.each(cases)('by an insert() a row: %s', async (name) => {
    const table = tables[name];
    const rows = named(300).map((row) => ({ name: `again ${row.name}` }));
    const { statements, result } = await few.count(() =>
      few.db.transaction((tx) =>
        Promise.all(
          rows.map((row) =>
            tx
              .insert(table as typeof users)
              .values(row)
              .returning({ id: table.id }),
          ),
        ),
      ),
    );
    expect(copiesOf(statements)).toHaveLength(1);
    await holds(table, rows, result.flat());
  });

  /** Each row stands in the table under the id that was given back for it. */
  async function holds(
    table: (typeof tables)[keyof typeof tables],
    rows: readonly { name: string }[],
    given: readonly { id: unknown }[],
  ): Promise<void> {
    const stored = await check.select({ id: table.id, name: table.name }).from(table as typeof users);
    const names = new Map(stored.map((row) => [row.id as unknown, row.name]));
    expect(given.map(({ id }) => names.get(id))).toEqual(rows.map((row) => row.name));
  }

  test('where some rows bring their own', async () => {
    const rows = times(9, (n) => (n % 3 === 0 ? { id: 1_000 - n, name: `own ${n}` } : { name: `name ${n}` }));
    const { statements, result } = await few.count(() =>
      few.db.insert(users).values(rows).returning({ id: users.id }),
    );
    expect(copiesOf(statements)).toEqual(['users']);
    await holds(users, rows, result);
    expect(result.filter((_, n) => n % 3 === 0)).toEqual([{ id: 1_000 }, { id: 997 }, { id: 994 }]);
  });

  test('under several names, as drizzle gives them', async () => {
    const { statements, result } = await few.count(() =>
      few.db.insert(users).values(named(3)).returning({ id: users.id, again: users.id }),
    );
    expect(copiesOf(statements)).toEqual(['users']);
    expect(result).toEqual(result.map(({ id }) => ({ id, again: id })));
    await holds(users, named(3), result);
  });

  test('of uuids that the server makes, in one column of several with defaults', async () => {
    const rows = times(many, (n) => ({ kind: `kind ${n}` }));
    const { statements, result } = await few.count(() =>
      few.db.insert(events).values(rows).returning({ id: events.id }),
    );
    expect(copiesOf(statements)).toEqual(['events']);
    const stored = await check.select().from(events);
    const kinds = new Map(stored.map(({ id, kind }) => [id, kind]));
    expect(result.map(({ id }) => kinds.get(id))).toEqual(rows.map(({ kind }) => kind));
    expect(stored.every(({ at }) => at instanceof Date)).toBe(true);
  });
});

describe('references', () => {
  test('lead through three copied levels, each with another kind of key', async () => {
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        const firsts = tx.insert(organizations).values(named(50));
        const seconds = times(50, (n) =>
          tx.insert(teams).values({ name: `name ${n}`, organizationId: firsts.ref('id', 49 - n) }),
        );
        tx.insert(members).values(
          seconds.map((second, n) => ({ email: `name ${n}`, teamId: second.ref('id') })),
        );
      }),
    );
    expect(copiesOf(statements)).toEqual(['organizations', 'teams', 'members']);
    const wired = await check.execute<{ path: string }>(sql`
      select m.email || ', ' || t.name || ', ' || o.name as path
      from members m join teams t on t.id = m.team_id join organizations o on o.id = t.organization_id order by m.id`);
    expect(wired.map(({ path }) => path)).toEqual(times(50, (n) => `name ${n}, name ${n}, name ${49 - n}`));
  });

  test('lead from copied rows to few, and from few to copied ones', async () => {
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        const [ada, many] = [
          tx.insert(users).values({ name: 'Ada' }),
          tx.insert(organizations).values(named(3)),
        ];
        tx.insert(addresses).values(times(3, (n) => ({ email: `${n}`, userId: ada.ref('id') })));
        tx.insert(teams).values({ name: 'team', organizationId: many.ref('id', 2) });
      }),
    );
    expect(copiesOf(statements).toSorted()).toEqual(['addresses', 'organizations']);
    expect(
      await check.execute(
        sql`select u.name, a.email from addresses a join users u on u.id = a.user_id order by a.id`,
      ),
    ).toMatchObject(times(3, (n) => ({ name: 'Ada', email: `${n}` })));
    expect(
      await check.execute(sql`select o.name from teams t join organizations o on o.id = t.organization_id`),
    ).toMatchObject([{ name: 'name 2' }]);
  });

  test('lead to rows of the same COPY', async () => {
    const { statements } = await few.count(() =>
      few.db.transaction(async (tx) => {
        let parent = tx.insert(nodes).values({ label: '0', parentId: null });
        for (let n = 1; n < 100; n++)
          parent = tx.insert(nodes).values({ label: `${n}`, parentId: parent.ref('id') });
      }),
    );
    expect(copiesOf(statements)).toEqual(['nodes']);
    const pairs = await check.execute<{ child: number; parent: number }>(
      sql`select c.label::int as child, p.label::int as parent from nodes c join nodes p on p.id = c.parent_id order by 1`,
    );
    expect([...pairs]).toEqual(times(99, (n) => ({ child: n + 1, parent: n })));
  });

  test('of a later flush, and of a later where, lead to rows that were copied', async () => {
    const found = await few.db.transaction(async (tx) => {
      const parents = tx.insert(users).values(named(3));
      await tx.flush();
      tx.insert(addresses).values({ email: 'late', userId: parents.ref('id', 1) });
      return tx
        .select()
        .from(users)
        .where(sql`${users.id} = ${parents.ref('id', 2)}`);
    });
    expect(found).toMatchObject([{ name: 'name 2' }]);
    const [late] = await check.execute(sql`select u.name from addresses a join users u on u.id = a.user_id`);
    expect(late).toEqual({ name: 'name 1' });
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
    const [wired] = await check.execute(
      sql`select count(*)::int from users u join addresses a on a.user_id = u.id and a.email = u.name`,
    );
    expect(wired).toEqual({ count: 4 });
  },
);

test('the logger sees COPY, and no row of it', async () => {
  const seen: [string, unknown[]][] = [];
  const logger = { logQuery: (text: string, params: unknown[]) => void seen.push([text, params]) };
  const db = batchedDrizzle(database.connect(), { logger, batch: { copyRows: 3 } });
  await db.insert(logs).values(noted(3));
  expect(seen.at(-1)).toEqual(['copy "logs" ("level", "message") from stdin', []]);
});

describe('what comes behind a COPY in its transaction', () => {
  test('sees its rows: a count, a select, an update, a nested transaction', async () => {
    const seen = await few.db.transaction(async (tx) => {
      tx.insert(users).values(named(many));
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
    expect(seen).toEqual([many, [{ n: many }], many]);
    expect(await check.$count(logs)).toBe(3);
  });

  test('waits for its data, also where nobody waited for the flush', async () => {
    const { statements, result } = await few.count(() =>
      few.db.transaction(async (tx) => {
        tx.insert(logs).values(noted(many));
        const flushed = tx.flush();
        const late = tx.execute(sql`select count(*)::int from logs`);
        const later = tx.insert(users).values({ name: 'later' }).returning();
        return [await flushed, await late, await later];
      }),
    );
    expect(result).toMatchObject([{ rows: many }, [{ count: many }], [{ name: 'later' }]]);
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
