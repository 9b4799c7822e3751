import { randomUUID } from 'node:crypto';
import { asc, eq, getTableColumns, sql } from 'drizzle-orm';
import {
  bigint,
  integer,
  jsonb,
  type PgInsertValue,
  type PgTable,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { countOf, describeResult, driver, rowsOf } from '../support/drivers/chosen.ts';
import { rejectionOf, warningsDuring } from '../support/process-events.ts';
import * as schema from '../support/schema.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const { addresses, counters, events, logs, members, nodes, organizations, teams, tokens, users, wide } =
  schema;
const database = useDatabase();

let sides: SideBySide;

beforeAll(() => {
  sides = sideBySide(database);
});

const at = new Date('2024-02-29T12:34:56.789Z');
const parents = async (db: PostgresJsDatabase): Promise<void> => {
  await db.insert(users).values({ id: 7, name: 'parent' });
  await db.insert(organizations).values({ id: 7, name: 'parent' });
  await db.insert(teams).values({ id: 7, organizationId: 7, name: 'parent' });
};

/** Two rows of every table, and some of its columns under other names. */
const tables: [name: string, table: PgTable, rows: object[], fields: Record<string, never>][] = (
  [
    ['users', users, [{ name: 'ada' }, { name: null }]],
    ['addresses', addresses, [{ email: 'a', userId: 7 }, { email: 'b' }]],
    ['organizations', organizations, [{ name: 'a' }, { name: 'b' }]],
    [
      'teams',
      teams,
      [
        { name: 'a', organizationId: 7 },
        { name: 'b', organizationId: 7 },
      ],
    ],
    [
      'members',
      members,
      [
        { teamId: 7, email: 'a', role: 'owner', joinedAt: at },
        { teamId: 7, email: 'b', joinedAt: at },
      ],
    ],
    ['nodes', nodes, [{ label: 'a' }, { label: 'b', parentId: 1 }]],
    [
      'events',
      events,
      [
        { id: '11111111-1111-4111-8111-111111111111', kind: 'a', payload: { deep: [1, null, 'x'] }, at },
        { id: '22222222-2222-4222-8222-222222222222', kind: 'b', payload: 'text', at },
      ],
    ],
    [
      'tokens',
      tokens,
      [
        { id: '11111111-1111-4111-8111-111111111111', label: 'a', updatedAt: at },
        { id: '22222222-2222-4222-8222-222222222222', label: 'b', uses: 4, updatedAt: at },
      ],
    ],
    [
      'logs',
      logs,
      [
        { level: 'info', message: 'a' },
        { level: 'info', message: 'a' },
      ],
    ],
    [
      'wide',
      wide,
      [
        { small: 1, note: 'a', labels: ['x', 'y,z'] },
        { small: 2, document: { a: 1 } },
      ],
    ],
    ['counters', counters, [{ value: 'a' }, { value: 'b' }]],
  ] as [string, PgTable, object[]][]
).map(([name, table, rows]) => {
  const columns = Object.values(getTableColumns(table));
  return [
    name,
    table,
    rows,
    { last: columns.at(-1), all: { first: columns[0], again: columns.at(-1) } } as never,
  ];
});

type Insertable = PgInsertValue<typeof users>;

describe.each(tables)('results of %s equal those of drizzle', (_, table, rows, fields) => {
  const target = table as typeof users;
  const [first, second] = rows as [Insertable, Insertable];
  const both = [first, second];

  test('returning() of one row', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await parents(db);
      return db.insert(target).values(first).returning();
    }, table);
    expect(batched).toEqual(plain);
  });

  test('returning() of several rows', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await parents(db);
      return db.insert(target).values(both).returning();
    }, table);
    expect(batched).toEqual(plain);
    expect(batched.result).toHaveLength(2);
  });

  test('returning() with aliases and nested fields', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await parents(db);
      return db.insert(target).values(both).returning(fields);
    }, table);
    expect(batched).toEqual(plain);
    expect(Object.keys(batched.result[0] ?? {})).toEqual(['last', 'all']);
  });

  test('no returning(): the same RowList', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await parents(db);
      const one = await db.insert(target).values(first);
      const two = await db.insert(target).values(both.map(anotherKey) as Insertable[]);
      return [one, two].map(describeResult);
    }, table);
    expect(batched).toEqual(plain);
    expect(batched.result).toMatchObject([{ count: 1 }, { count: 2 }]);
  });

  test('several inserts of one turn, each with a selection of its own', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await parents(db);
      const results = [
        db.insert(target).values(first).returning().execute(),
        db
          .insert(target)
          .values(both.map(anotherKey) as Insertable[])
          .returning(fields)
          .execute(),
        db
          .insert(target)
          .values(anotherKey(anotherKey(second)) as Insertable)
          .execute(),
      ] as const;
      const [all, some, { count, command, length }] = await Promise.all(results);
      return [all, some, { count, command, length }];
    }, table);
    expect(batched).toEqual(plain);
  });
});

/** The same row with other values in the columns that must be unique. */
function anotherKey(row: object): object {
  const { id, email, name } = row as { id?: string; email?: string; name?: string };
  return {
    ...row,
    ...(id === undefined ? {} : { id: id.replace(/^./, (digit) => String(Number(digit) + 2)) }),
    ...(email === undefined ? {} : { email: `${email}'` }),
    ...(name == null ? {} : { name: `${name}'` }),
  };
}

describe('results', () => {
  test('RowLists of callers that shared a statement are their own', async () => {
    const [one, two] = await Promise.all([
      sides.batched.insert(logs).values({ level: 'a', message: 'a' }),
      sides.batched.insert(logs).values([
        { level: 'b', message: 'b' },
        { level: 'c', message: 'c' },
      ]),
    ]);
    expect([countOf(one), countOf(two)]).toEqual([1, 2]);
    expect(one).not.toBe(two);
    rowsOf(one).push('changed' as never);
    expect(rowsOf(two)).toHaveLength(0);
  });

  test('a RowList shows nothing of the returning() of another caller', async () => {
    const { plain, batched } = await sides.run(async (db) => {
      const [, none] = await Promise.all([
        db.insert(users).values({ name: 'a' }).returning(),
        db.insert(users).values({ name: 'b' }),
      ]);
      return describeResult(none);
    });
    expect(batched).toEqual(plain);
  });

  test('awaited again give the same rows, and write nothing', async () => {
    const { plain } = sides;
    await plain.delete(logs);
    const insert = sides.batched.insert(logs).values({ level: 'a', message: 'a' }).returning();
    const [first, second] = [await insert, await insert];
    expect(first).toEqual([{ level: 'a', message: 'a' }]);
    expect(second).toEqual(first);
    expect(await insert.execute()).toEqual(first);
    expect(await plain.$count(logs)).toBe(1);
  });

  test('awaited again give the same error', async () => {
    await sides.plain.execute(sql`truncate users cascade`);
    await sides.batched.insert(users).values({ name: 'taken' });
    const insert = sides.batched.insert(users).values({ name: 'taken' });
    const first = await rejectionOf(insert);
    expect(await rejectionOf(insert)).toBe(first);
    expect(await insert.catch((error) => error)).toBe(first);
    let finished = false;
    await insert
      .finally(() => {
        finished = true;
      })
      .catch(() => {});
    expect(finished).toBe(true);
  });

  test('inserts handed to execute() give what drizzle gives', async () => {
    const { plain, batched } = await sides.runAndRead(
      async (db) => [
        [...rowsOf(await db.execute(db.insert(users).values({ name: 'a' }).returning()))],
        countOf(await db.execute(db.insert(users).values([{ name: 'b' }, { name: 'c' }]))),
      ],
      users,
    );
    expect(batched).toEqual(plain);
  });

  test('sql in returning() gives what drizzle gives', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(users)
            .values([{ name: 'a' }, { name: 'b' }])
            .returning({
              upper: sql<string>`upper(${users.name})`,
              twice: sql<number>`${users.id} * ${2}`.as('twice'),
            }),
          db
            .insert(users)
            .values({ name: 'c' })
            .returning({
              nested: { length: sql`length(${users.name})`.mapWith(Number) } as never,
              id: users.id,
            }),
          db.insert(users).values({ name: 'd' }).returning(),
        ]),
      users,
    );
    expect(batched).toEqual(plain);
  });

  test('sql values give what drizzle gives', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(users)
            .values({ name: sql`upper(${'ada'})` })
            .returning(),
          db
            .insert(users)
            .values([{ name: sql`'x' || ${1}::int` }, { name: 'plain' }, { id: 50, name: sql`null` }])
            .returning(),
          db.insert(users).values({ id: sql`default`, name: sql`default` }).returning(),
          db.insert(users).values({ name: 'behind' }).returning(),
        ]),
      users,
    );
    expect(batched).toEqual(plain);
  });

  test('a row of defaults alone, one and several', async () => {
    const { plain, batched } = await sides.runAndRead(
      async (db) => [
        await db.insert(users).values({}).returning(),
        await db.insert(users).values([{}, {}, {}]).returning(),
        await Promise.all([
          db.insert(wide).values({}).returning(),
          db.insert(wide).values([{}, {}]).returning({ id: wide.id }),
          db.insert(wide).values({}),
        ]).then(([one, two, none]) => [one, two, countOf(none)]),
      ],
      users,
      wide,
    );
    expect(batched).toEqual(plain);
  });

  test('given ids beside left out ones', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(users)
            .values([{ name: 'a' }, { id: 100, name: 'b' }, { name: 'c' }])
            .returning(),
          db.insert(users).values({ id: 200, name: 'd' }).returning({ id: users.id }),
          db.insert(users).values({ name: 'e' }).returning({ id: users.id }),
          db
            .insert(users)
            .values([
              { id: undefined, name: 'f' },
              { id: 201, name: 'g' },
            ])
            .returning(),
        ]),
      users,
    );
    expect(batched).toEqual(plain);
  });

  test('identity columns: always, by default, and overridingSystemValue()', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(addresses)
            .values([{ email: 'a' }, { email: 'b' }])
            .returning(),
          db
            .insert(addresses)
            .overridingSystemValue()
            .values({ id: 100, email: 'c' } as never)
            .returning(),
          db
            .insert(addresses)
            .overridingSystemValue()
            .values([{ id: 101, email: 'd' }, { email: 'e' }] as never)
            .returning(),
          db.insert(addresses).values({ email: 'f' }).returning(),
          db
            .insert(organizations)
            .values([{ id: 100, name: 'a' }, { name: 'b' }])
            .returning(),
          db.insert(organizations).values({ name: 'c' }).returning({ id: organizations.id }),
        ]),
      addresses,
      organizations,
    );
    expect(batched).toEqual(plain);
  });

  test('a value given to GENERATED ALWAYS without overridingSystemValue() fails with 428C9, as in drizzle', async () => {
    const { plain, batched } = await sides.run((db) =>
      rejectionOf(db.insert(addresses).values([{ id: 5, email: 'a' }, { email: 'b' }] as never)),
    );
    expect(plain.cause).toMatchObject({ code: '428C9' });
    expect(batched.cause).toMatchObject({ code: '428C9' });
    const shared = await Promise.allSettled([
      sides.batched
        .insert(addresses)
        .values({ id: 5, email: 'a' } as never)
        .returning(),
      sides.batched.insert(addresses).values({ email: 'b' }).returning(),
    ]);
    expect(shared[0]).toMatchObject({ status: 'rejected', reason: { cause: { code: '428C9' } } });
    expect(await sides.plain.$count(addresses, eq(addresses.id, 5))).toBe(0);
  });

  test('uuids: of the server and of the client', async () => {
    const given = randomUUID();
    const [event, two, token] = await Promise.all([
      sides.batched.insert(events).values({ kind: 'a' }).returning(),
      sides.batched
        .insert(events)
        .values([{ kind: 'b' }, { id: given, kind: 'c' }])
        .returning(),
      sides.batched
        .insert(tokens)
        .values([{ label: 'a' }, { label: 'b' }])
        .returning(),
    ]);
    const rows = await sides.plain.select().from(events);
    for (const row of [...event, ...two]) expect(rows).toContainEqual(row);
    expect(two.map(({ kind }) => kind)).toEqual(['b', 'c']);
    expect(two[1]?.id).toBe(given);
    expect(await sides.plain.select().from(tokens).orderBy(asc(tokens.label))).toEqual(token);
  });

  test('names that must be quoted', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(counters)
            .values({ value: 'a' })
            .returning({ 'odd "name': counters.value, id: counters.id }),
          db
            .insert(counters)
            .values([{ value: 'b' }, { value: 'c' }])
            .returning(),
        ]),
      counters,
    );
    expect(batched).toEqual(plain);
  });

  test("a row's columns in another order, unknown keys and undefined", async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db.insert(addresses).values({ userId: undefined, email: 'a' }).returning(),
          db
            .insert(addresses)
            .values({ unknown: 1, email: 'b' } as never)
            .returning(),
          db
            .insert(addresses)
            .values([
              { email: 'c', userId: null },
              { userId: undefined, email: 'd' },
            ])
            .returning(),
        ]),
      addresses,
    );
    expect(batched).toEqual(plain);
  });
});

describe('conflict clauses', () => {
  const work = async (db: PostgresJsDatabase): Promise<unknown> => {
    await db.insert(users).values({ id: 1000, name: 'taken' });
    const results = [];
    results.push(await db.insert(users).values({ name: 'taken' }).onConflictDoNothing().returning());
    results.push(countOf(await db.insert(users).values({ name: 'taken' }).onConflictDoNothing()));
    results.push(
      await db
        .insert(users)
        .values([{ name: 'taken' }, { name: 'free' }])
        .onConflictDoNothing({ target: users.name })
        .returning(),
    );
    results.push(
      await db
        .insert(users)
        .values({ id: 1000, name: 'other' })
        .onConflictDoUpdate({ target: users.id, set: { name: sql`excluded.name || ${'!'}` } })
        .returning(),
    );
    results.push(
      await db
        .insert(users)
        .values([{ name: 'other!' }, { name: 'new' }])
        .onConflictDoUpdate({ target: users.name, set: { name: 'updated' }, setWhere: eq(users.id, 1000) })
        .returning({ id: users.id, name: users.name }),
    );
    return results;
  };

  test('on the database give what drizzle gives', async () => {
    const { plain, batched } = await sides.run(work);
    expect(batched).toEqual(plain);
  });

  test('in a transaction give what drizzle gives', async () => {
    const { plain, batched } = await sides.run((db) => db.transaction(work as never));
    expect(batched).toEqual(plain);
  });

  test('of one turn go out one after the other, beside plain inserts, with the same results', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      await db.insert(users).values({ id: 1000, name: 'taken' });
      const results = await Promise.all([
        db.insert(users).values({ name: 'a' }).returning({ name: users.name }),
        db.insert(users).values({ name: 'taken' }).onConflictDoNothing().returning({ name: users.name }),
        db
          .insert(users)
          .values([{ name: 'a' }, { name: 'b' }])
          .onConflictDoNothing()
          .returning({ name: users.name }),
        db
          .insert(users)
          .values({ id: 1000, name: 'c' })
          .onConflictDoUpdate({ target: users.id, set: { name: 'updated' } })
          .returning({ name: users.name }),
        db.insert(users).values({ name: 'd' }),
      ]);
      return results.map((result) => (Array.isArray(result) ? [result.length, ...result] : countOf(result)));
    });
    expect(batched).toEqual(plain);
  });
});

describe('casing: snake_case', () => {
  const people = pgTable('people', {
    personId: serial().primaryKey(),
    firstName: text().notNull(),
    bornAt: timestamp({ mode: 'string' }),
    homePlanet: text().default('earth'),
    bossId: integer(),
  });

  let cased: SideBySide;
  beforeAll(async () => {
    await sides.plain.execute(
      sql`create table people (person_id serial primary key, first_name text not null, born_at timestamp, home_planet text default 'earth', boss_id int references people)`,
    );
    cased = sideBySide(database, { casing: 'snake_case' }, sql`truncate people restart identity`);
  });

  test('results equal those of drizzle', async () => {
    const { plain, batched } = await cased.runAndRead(
      (db) =>
        Promise.all([
          db.insert(people).values({ firstName: 'a', bornAt: '1999-12-31 23:59:59' }).returning(),
          db
            .insert(people)
            .values([{ firstName: 'b' }, { firstName: 'c', homePlanet: null }])
            .returning({ name: people.firstName, deep: { planet: people.homePlanet } as never }),
          db
            .insert(people)
            .values({ firstName: 'd', homePlanet: sql`upper(${'mars'})` })
            .returning(),
          db
            .insert(people)
            .values({ personId: 1, firstName: 'e' })
            .onConflictDoUpdate({ target: people.personId, set: { firstName: 'f' } })
            .returning(),
        ]),
      people,
    );
    expect(batched).toEqual(plain);
  });

  test('references name the properties', async () => {
    const found = await cased.batched.transaction(async (tx) => {
      const boss = tx.insert(people).values([{ firstName: 'x' }, { firstName: 'y' }]);
      tx.insert(people).values({ firstName: 'z', bossId: boss.ref('personId', 1) });
      return tx.select().from(people).where(sql`${people.firstName} in ('y', 'z')`).orderBy(people.firstName);
    });
    expect(found[1]?.bossId).toBe(found[0]?.personId);
  });
});

describe('a table', () => {
  test('with a key of two columns gives what drizzle gives', async () => {
    const pairs = pgTable(
      'pairs',
      { a: integer('a'), b: bigint('b', { mode: 'number' }), c: text('c') },
      (table) => [primaryKey({ columns: [table.a, table.b] })],
    );
    await sides.plain.execute(sql`create table pairs (a int, b bigint, c text, primary key (a, b))`);
    const paired = sideBySide(database, {}, sql`truncate pairs`);
    const { plain, batched } = await paired.runAndRead(
      (db) =>
        Promise.all([
          db.insert(pairs).values({ a: 1, b: 1, c: 'x' }).returning(),
          db
            .insert(pairs)
            .values([
              { a: 1, b: 2, c: 'y' },
              { a: 2, b: 1 },
            ])
            .returning(),
          db.insert(pairs).values({ a: 3, b: 3 }),
        ]).then(([one, two, none]) => [one, two, countOf(none)]),
      pairs,
    );
    expect(batched).toEqual(plain);
  });

  test('with a trigger that changes its rows and drops some gives what drizzle gives', async () => {
    const triggered = pgTable('triggered', { id: serial('id').primaryKey(), label: text('label') });
    await sides.plain.execute(sql`
      create table triggered (id serial primary key, label text);
      create function shout() returns trigger language plpgsql as $$
        begin
          if new.label = 'drop' then return null; end if;
          new.label := upper(new.label); new.id := new.id + 1000; return new;
        end $$;
      create trigger shout before insert on triggered for each row execute function shout()`);
    const side = sideBySide(database, {}, sql`truncate triggered restart identity`);
    const { plain, batched } = await side.runAndRead(
      (db) =>
        Promise.all([
          db.insert(triggered).values({ label: 'a' }).returning(),
          db
            .insert(triggered)
            .values([{ label: 'b' }, { label: 'drop' }, { label: 'c' }])
            .returning(),
          db.insert(triggered).values({ label: 'drop' }).returning(),
          db.insert(triggered).values([{ label: 'drop' }, { label: 'd' }]),
        ]).then(([a, b, c, none]) => [a, b, c, countOf(none)]),
      triggered,
    );
    expect(batched).toEqual(plain);
  });

  test('with generated columns gives what drizzle gives', async () => {
    const boxes = pgTable('boxes', {
      id: serial('id').primaryKey(),
      side: integer('side').notNull(),
      area: integer('area').generatedAlwaysAs(sql`side * side`),
    });
    await sides.plain.execute(
      sql`create table boxes (id serial primary key, side int not null, area int generated always as (side * side) stored)`,
    );
    const side = sideBySide(database, {}, sql`truncate boxes restart identity`);
    const { plain, batched } = await side.runAndRead(
      (db) =>
        Promise.all([
          db.insert(boxes).values({ side: 2 }).returning(),
          db
            .insert(boxes)
            .values([{ side: 3 }, { side: 4 }])
            .returning({ area: boxes.area }),
        ]),
      boxes,
    );
    expect(batched).toEqual(plain);
    expect(batched.result[1]).toEqual([{ area: 9 }, { area: 16 }]);
  });
});

describe('values', () => {
  const plainValues: PgInsertValue<typeof wide> = {
    small: -32768,
    whole: 2147483647,
    big: Number.MAX_SAFE_INTEGER,
    huge: 9223372036854775807n,
    amount: '12345678.9012',
    ratio: 1.5,
    precise: Math.PI,
    flag: true,
    note: 'ordinary',
    title: 'a title',
    code: 'ab',
    day: '2024-02-29',
    moment: at,
    instant: '2024-02-29 12:34:56.789+00',
    tag: '11111111-1111-4111-8111-111111111111',
    document: { a: [1, 2, { b: null }], c: 'd' },
    labels: ['one', 'two'],
    counts: [1, 2, 3],
    bytes: Buffer.from([0, 1, 2, 255]),
  };
  const nasty: PgInsertValue<typeof wide>[] = [
    { note: '', title: '', code: '', labels: [], counts: [], bytes: Buffer.alloc(0), document: {} },
    { note: 'NULL', title: 'null', code: 'NULL', labels: ['NULL', 'null', ''], document: null },
    { note: '\\N', title: '\\.', labels: ['\\N', '\\.', '\\\\', '\\"'], document: '\\N' },
    {
      note: `'"\\{},;\t\r\n\v\f\b`,
      title: "it's",
      labels: [`'"\\{},;\t\r\n`, '{a,b}', ' spaced '],
      document: `'"\\{}`,
    },
    { note: '{}', title: '{a,b}', labels: ['{}', '{"a"}'], document: [] },
    {
      note: '😀 é ü 中文 \u202e',
      title: 'ﬁ\u0000'.slice(0, 1),
      labels: ['😀'],
      document: { '😀': '\u2028' },
    },
    { note: 'half \ud83d', title: '\ude00', labels: ['\ud83d'] },
    { ratio: Number.NaN, precise: Number.NaN, amount: 'NaN' },
    { ratio: Infinity, precise: -Infinity },
    { ratio: -0, precise: -0, small: -0, whole: -0, big: -0 },
    { precise: Number.MIN_VALUE, ratio: 1e-30, amount: '0.00005' },
    { precise: Number.MAX_VALUE, ratio: 3.4e38, amount: '-99999999.9999' },
    { precise: 0.1 + 0.2, ratio: 0.1, amount: '1' },
    { huge: -9223372036854775808n, big: Number.MIN_SAFE_INTEGER, small: 32767, whole: -2147483648 },
    { flag: false, counts: [0, -1, 2147483647], labels: ['a'] },
    { day: '0001-01-01', moment: new Date('0001-01-01T00:00:00Z'), instant: '0001-01-01 00:00:00+00' },
    { day: '9999-12-31', moment: new Date('9999-12-31T23:59:59.999Z'), instant: 'infinity' },
    { day: 'infinity', instant: '-infinity' },
    { moment: new Date('2024-03-10T02:30:00.001Z'), instant: '2024-03-10T02:30:00.000001-08:00' },
    { tag: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', code: '        ' },
    { document: 'string' },
    { document: 0 },
    { document: false },
    { document: [null, 'NULL', { null: null }] },
    { document: { __proto__x: 1, 'quote"': "it's", nul: 'a\\u0000b', deep: { a: { b: { c: [[[]]] } } } } },
    { labels: ['a', null as never], counts: [1, null as never] },
    {
      note: 'x'.repeat(100_000),
      bytes: Buffer.alloc(50_000, 7),
      labels: Array.from({ length: 500 }, (_, i) => `l${i}`),
    },
    { note: '$1', title: '$$', labels: ['$1'], document: { $1: '$2' } },
    { note: '?', title: ':name', code: '--;/*' },
    {
      note: null,
      title: null,
      labels: null,
      counts: null,
      bytes: null,
      document: null,
      moment: null,
      flag: null,
    },
  ];

  test('ordinary ones of every column are written as drizzle writes them', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) => db.insert(wide).values(plainValues).returning(),
      wide,
    );
    expect(batched).toEqual(plain);
    const several = await sides.runAndRead(
      (db) => db.insert(wide).values([plainValues, plainValues]).returning(),
      wide,
    );
    expect(several.batched).toEqual(several.plain);
    expect(batched.result[0]).toMatchObject({
      huge: 9223372036854775807n,
      bytes: plainValues.bytes,
      moment: at,
    });
  });

  test('nasty ones, one row at a time', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      const results = [];
      for (const values of nasty) results.push(await db.insert(wide).values(values).returning());
      return results;
    }, wide);
    expect(batched).toEqual(plain);
  });

  test('nasty ones, all of one turn', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) => Promise.all(nasty.map((values) => db.insert(wide).values(values).returning())),
      wide,
    );
    expect(batched).toEqual(plain);
  });

  test('nasty ones, as the rows of one insert, with all columns', async () => {
    const rows = nasty.map((values) => ({ ...plainValues, ...values }));
    const { plain, batched } = await sides.runAndRead((db) => db.insert(wide).values(rows).returning(), wide);
    expect(batched).toEqual(plain);
  });

  test('the bytes of the text are those of drizzle', async () => {
    const { plain, batched } = await sides.run(async (db) => {
      await Promise.all(nasty.map((values) => db.insert(wide).values(values)));
      const [row] = rowsOf(
        await sides.plain.execute(
          sql`select array_agg(md5(w::text) order by md5(w::text)) as sums, count(*) from (select (to_jsonb(wide) - 'id')::text from wide) w`,
        ),
      );
      return row;
    });
    expect(batched).toEqual(plain);
  });

  const refused: [string, PgInsertValue<typeof wide>][] = [
    ['an integer out of range', { whole: 2 ** 31 }],
    ['a fraction for an integer', { whole: 1.5 }],
    ['no number', { whole: Number.NaN }],
    ['too long a text', { title: 'x'.repeat(101) }],
    ['too long a code', { code: 'x'.repeat(9) }],
    ['a numeric out of range', { amount: '123456789.1' }],
    ['no date', { day: 'tomorrow-ish' }],
    ['no uuid', { tag: 'no-uuid' }],
    ['U+0000 in a text', { note: 'a\u0000b' }],
    ['U+0000 in a document', { document: { a: 'a\u0000b' } }],
    ['half a character in a document', { document: { a: '\ud83d' } }],
  ];

  test.each(refused)('%s is refused as in drizzle, alone and among others', async (_, values) => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        rejectionOf(db.insert(wide).values(values)).then(({ cause }) => (cause as { code: string }).code),
      wide,
    );
    expect(batched).toEqual(plain);
    const rows = [{ note: 'fine' }, { ...values, note: values.note ?? 'not fine' }];
    const several = await sides.runAndRead(
      (db) => rejectionOf(db.insert(wide).values(rows)).then(({ cause }) => (cause as { code: string }).code),
      wide,
    );
    expect(several.batched).toEqual(several.plain);
    expect(several.batched.rows).toEqual([[]]);
  });

  test('are captured at the call: changing the objects later changes nothing', async () => {
    await sides.plain.delete(wide);
    const row = {
      note: 'then',
      moment: new Date(at),
      document: { list: ['then'] },
      labels: ['then'],
      bytes: Buffer.from('then'),
    };
    const rows = [row];
    const inserting = sides.batched.insert(wide).values(rows);
    row.note = 'later';
    row.moment.setFullYear(1999);
    row.document.list.push('later');
    row.labels[0] = 'later';
    row.bytes.fill(0);
    rows.push(row);
    await inserting;
    const written = await sides.plain.select().from(wide);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      note: 'then',
      moment: at,
      document: { list: ['then'] },
      labels: ['then'],
      bytes: Buffer.from('then'),
    });
  });

  test.runIf(driver.describes)(
    'that are objects with a text of their own are written as that text, as in drizzle',
    async () => {
      class Money {
        constructor(readonly cents: number) {}
        toString(): string {
          return (this.cents / 100).toFixed(2);
        }
      }
      const price = new Money(1250) as never;
      const address = new URL('https://example.com/') as never;
      const { plain, batched } = await sides.runAndRead(async (db) => {
        await db.insert(wide).values({ amount: price, note: price, title: address });
        await db.insert(wide).values([{ amount: price }, { note: price }, { title: address }]);
        await db.insert(wide).values({ note: sql`${price}`, title: sql`${address}` });
      }, wide);
      expect(plain.rows[0]?.[0]).toMatchObject({
        amount: '12.5000',
        note: '12.50',
        title: 'https://example.com/',
      });
      expect(batched).toEqual(plain);
    },
  );

  test('in an sql expression are captured at the call too', async () => {
    await sides.plain.delete(wide);
    const bytes = Buffer.from('then');
    const chunks = sql`${'then'}`;
    const inserting = sides.batched.insert(wide).values({ note: chunks, bytes: sql`${bytes}` });
    bytes.fill(0);
    chunks.append(sql` || 'later'`);
    await inserting;
    const [written] = await sides.plain.select().from(wide);
    expect(written).toMatchObject({ note: 'then', bytes: Buffer.from('then') });
  });

  test('of $defaultFn and $onUpdate are made once, at the call', async () => {
    let calls = 0;
    const counted = pgTable('logs', {
      level: text('level').$defaultFn(() => `call ${++calls}`),
      message: text('message').$onUpdate(() => `update ${++calls}`),
    });
    await sides.plain.delete(logs);
    const insert = sides.batched
      .insert(counted)
      .values([{}, { level: 'given' }])
      .returning();
    expect(calls).toBe(3);
    await insert;
    await insert;
    insert.toSQL();
    expect(calls).toBe(3);
    expect(await sides.plain.select().from(logs)).toEqual([
      { level: 'call 1', message: 'update 2' },
      { level: 'given', message: 'update 3' },
    ]);
  });

  test('of a column whose mapping throws reject that insert alone', async () => {
    await sides.plain.delete(wide);
    const [good, bad] = await Promise.allSettled([
      sides.batched.insert(wide).values({ note: 'good' }),
      sides.batched.insert(wide).values({ moment: 'no date' as never }),
    ]);
    expect(bad.status).toBe('rejected');
    expect(good.status).toBe('fulfilled');
    expect(await sides.plain.$count(wide)).toBe(1);
  });

  test('a json column keeps the difference between null and JSON null', async () => {
    const { plain, batched } = await sides.runAndRead(
      (db) =>
        Promise.all([
          db
            .insert(events)
            .values({ id: '11111111-1111-4111-8111-111111111111', kind: 'a', payload: null, at }),
          db.insert(events).values({
            id: '22222222-2222-4222-8222-222222222222',
            kind: 'b',
            payload: sql`'null'::jsonb`,
            at,
          }),
          db
            .insert(events)
            .values({ id: '33333333-3333-4333-8333-333333333333', kind: 'c', payload: 'null', at }),
        ]).then(() =>
          sides.plain
            .select({ kind: events.kind, type: sql`jsonb_typeof(${events.payload})` })
            .from(events)
            .orderBy(events.kind),
        ),
      events,
    );
    expect(batched).toEqual(plain);
    expect(batched.result.map(({ type }) => type)).toEqual([null, 'null', 'string']);
  });

  test('of a custom JSON type and arrays of arrays are as in drizzle', async () => {
    const grids = pgTable('grids', {
      id: serial('id').primaryKey(),
      cells: integer('cells').array().array(),
      documents: jsonb('documents').array(),
      role: schema.memberRole('role').array(),
    });
    await sides.plain.execute(
      sql`create table grids (id serial primary key, cells int[][], documents jsonb[], role member_role[])`,
    );
    const side = sideBySide(database, {}, sql`truncate grids restart identity`);
    const { plain, batched } = await side.runAndRead(
      (db) =>
        db
          .insert(grids)
          .values([
            {
              cells: [
                [1, 2],
                [3, 4],
              ],
              documents: [{ a: 1 }, 'x"y'],
              role: ['owner', 'reader'],
            },
            { cells: [], documents: [], role: [] },
            { cells: null, documents: null, role: null },
          ])
          .returning(),
      grids,
    );
    expect(batched).toEqual(plain);
  });
});

describe('an insert that is only described', () => {
  const described = (db: PostgresJsDatabase) => {
    const rows = [{ name: 'a' }, { id: 4, name: sql`upper(${'b'})` }];
    return [
      db.insert(users).values({ name: 'a' }).toSQL(),
      db.insert(users).values(rows).returning().toSQL(),
      db
        .insert(users)
        .values(rows)
        .onConflictDoNothing({ target: users.id })
        .returning({ id: users.id })
        .toSQL(),
      db
        .insert(wide)
        .values({ moment: at, document: { a: 1 }, labels: ['x'], huge: 1n })
        .toSQL(),
      db
        .insert(addresses)
        .overridingSystemValue()
        .values({ id: 1, email: 'a' } as never)
        .toSQL(),
      db.insert(counters).values({ value: 'a' }).toSQL(),
      db.insert(users).values({ name: 'a' }).prepare('described').getQuery().sql,
      db
        .insert(users)
        .values({ name: sql.placeholder('name') })
        .toSQL(),
    ];
  };

  beforeEach(async () => {
    await sides.plain.execute(emptyTables());
    // Clears the inserts that were described by `toSQL()`, so that the next test gets no warning about them.
    await warningsDuring(() => sides.batched.flush());
  });

  test('has the SQL of drizzle', () => {
    expect(described(sides.batched)).toEqual(described(sides.plain));
    expect(sides.batched.pending).toBe(0);
  });

  test('handed to execute() is none: flush() has nothing to say', async () => {
    const warnings = await warningsDuring(async () => {
      await sides.batched.execute(sides.batched.insert(logs).values({ level: 'executed', message: 'a' }));
      expect(await sides.batched.flush()).toMatchObject({ rows: 0 });
    });
    expect(warnings).toEqual([]);
    expect(await sides.plain.$count(logs)).toBe(1);
  });

  test.each([
    ['toSQL()', (insert: { toSQL(): unknown }) => insert.toSQL()],
    ['getSQL()', (insert: { getSQL(): unknown }) => insert.getSQL()],
    ['prepare()', (insert: { prepare(name: string): unknown }) => insert.prepare('taken_out')],
  ])('by %s is out of the queue, and flush() says so', async (_, describeIt) => {
    const warnings = await warningsDuring(async () => {
      const insert = sides.batched.insert(logs).values({ level: 'described', message: 'a' });
      expect(sides.batched.pending).toBe(1);
      describeIt(insert as never);
      expect(sides.batched.pending).toBe(0);
      expect(await sides.batched.flush()).toMatchObject({ rows: 0 });
      expect(await sides.batched.flush()).toMatchObject({ rows: 0 });
    });
    expect(warnings.map(({ code }) => code)).toEqual(['BATCHED_DRIZZLE_DESCRIBED']);
    expect(warnings[0]?.message).toContain('an insert of 1 row into "logs"');
    expect(await sides.plain.$count(logs)).toBe(0);
  });

  test('is put back by awaiting it, and then flush() has nothing to say', async () => {
    const warnings = await warningsDuring(async () => {
      const insert = sides.batched.insert(logs).values({ level: 'described', message: 'a' }).returning();
      insert.toSQL();
      expect(await insert).toEqual([{ level: 'described', message: 'a' }]);
      await sides.batched.flush();
    });
    expect(warnings).toEqual([]);
    expect(await sides.plain.$count(logs)).toBe(1);
  });

  test('runs as often as its prepared statement is executed, as in drizzle', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      const prepared = db
        .insert(logs)
        .values({ level: 'prepared', message: 'a' })
        .returning()
        .prepare('run_twice');
      return [await prepared.execute(), await prepared.execute()];
    }, logs);
    expect(batched).toEqual(plain);
    expect(await warningsDuring(() => sides.batched.flush())).toEqual([]);
  });

  test('in a transaction that ends is not written, as in drizzle', async () => {
    await sides.batched.transaction(async (tx) => {
      tx.insert(logs).values({ level: 'described', message: 'a' }).toSQL();
      tx.insert(logs).values({ level: 'queued', message: 'a' });
    });
    expect((await sides.plain.select().from(logs)).map(({ level }) => level)).toEqual(['queued']);
  });

  test('in a CTE runs with it, and not by itself', async () => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      const made = db.$with('made').as(
        db
          .insert(users)
          .values([{ name: 'a' }, { name: 'b' }])
          .returning(),
      );
      return db.with(made).select().from(made);
    }, users);
    expect(batched).toEqual(plain);
    expect(batched.result).toHaveLength(2);
  });
});

test('a chained call that throws withdraws its insert', () => {
  expect(() =>
    sides.batched
      .insert(users)
      .values({ name: 'a' })
      .onConflictDoUpdate({ target: users.id, set: { name: 'b' }, where: sql`true`, setWhere: sql`true` }),
  ).toThrow('You cannot use both "where"');
  expect(sides.batched.pending).toBe(0);
});
