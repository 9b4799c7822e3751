/** Clients with serialisers of their own, and values that the driver writes by the type that the server infers. */
import { type SQL, sql } from 'drizzle-orm';
import { bigint, bigserial, boolean, integer, pgTable, serial, text, varchar } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { startCounted } from '../support/counted.ts';
import { manyEntries } from '../support/many-entries.ts';
import { expectSameLoads } from '../support/same-loads.ts';
import { tell } from '../support/same-rows.ts';
import { custom, expectSameColumns, makeTable } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

interface Point {
  x: number;
  y: number;
}

const point = ({ x, y }: Point): string => {
  if (x < 0) throw Object.assign(new RangeError('no such point'), { code: 'NO_POINT' });
  return `(${x},${y})`;
};

const types = {
  point: { to: 600, from: [600], serialize: point, parse: String },
  cents: { to: 20, from: [20], serialize: (euros: number) => String(Number(euros) * 100), parse: String },
  upper: {
    to: 1043,
    from: [1043],
    serialize: (value: unknown) => String(value).toUpperCase(),
    parse: String,
  },
  flag: { to: 16, from: [16], serialize: (value: unknown) => (value ? 'f' : 't'), parse: String },
};

const own = { own: { types } };

const things = pgTable('things', {
  id: serial().primaryKey(),
  k: integer().unique(),
  p: custom('point') as never,
  b: custom('bytea') as never,
  cents: bigint({ mode: 'number' }),
  name: varchar(),
  flag: boolean(),
});

let sides: SideBySide;
let usual: SideBySide;

beforeAll(async () => {
  const empty = sql`truncate things restart identity`;
  sides = sideBySide(database, {}, empty, own);
  usual = sideBySide(database, {}, empty);
  await usual.plain.execute(
    sql`create table things (id serial primary key, k int unique, p point, b bytea, cents bigint, name varchar, flag boolean)`,
  );
});

const at = (x: number, y: number): SQL => sql`${sql.param({ x, y })}`;

test('serialisers of the client write values, and parameters of sql values by the type that the server infers', async () => {
  const columns = {
    p: [custom('point'), 'point'],
    cents: [bigint({ mode: 'number' }), 'bigint'],
    name: [varchar(), 'varchar'],
    flag: [boolean(), 'boolean'],
    more: [custom('bigint[]'), 'bigint[]'],
  } as const;
  await expectSameColumns(sides, columns, [
    { p: { x: 1, y: 2 }, cents: 3, name: 'a', flag: true, more: [1, 2] },
    { p: at(1, 2) },
    { p: sql`${sql.param({ x: 1, y: 2 })}::point + ${sql.param({ x: 1, y: 1 })}` },
    { cents: sql`${5}` },
    { cents: sql`${5}::bigint + ${5}::int`, name: sql`${'abc'}::varchar || ${'d'}` },
    { flag: sql`${true}`, name: sql`${'a'}`, more: sql`${sql.param([1, 2])}` },
    { flag: sql`not ${true}`, name: sql`${7}::int`, p: null },
    { p: { x: -1, y: 0 } },
    { p: at(-1, 0) },
  ]);
});

test('values that are no text are written by the type that the server infers, also without such serialisers', async () => {
  const columns = {
    b: [custom('bytea'), 'bytea'],
    m: [custom('int[]'), 'int[]'],
    j: [custom('jsonb'), 'jsonb'],
    flag: [custom('boolean'), 'boolean'],
    v: [custom('text'), 'text'],
  } as const;
  const bytes = new Uint8Array([1, 2, 255]);
  await expectSameColumns(usual, columns, [
    { b: sql`${sql.param([1, 2, 255])}`, m: sql`${sql.param([1, 2])}` },
    { b: sql`${sql.param(Buffer.from('a').toJSON())}`, m: sql`${sql.param([[1], [2]])}::int[]` },
    { b: sql`${sql.param(bytes.buffer)}`, m: sql`array_append(${sql.param([1, null])}, ${3})` },
    { b: sql`${sql.param(new Uint16Array([1, 2]))}::bytea || ${bytes}` },
    { b: sql`${'\\x01'}`, flag: sql`${'true'}` },
    { b: sql`${'\\x01'}::bytea`, flag: sql`cast(${'true'} as boolean)` },
    { j: sql`${sql.param({ a: 1 })}`, v: 'refused' },
    { j: sql`${sql.param([1])}::jsonb`, v: 'refused' },
    { v: sql`${sql.param([1, 2])}`, j: sql`${'[1]'}::jsonb` },
    { v: sql`${new Date(0)}` },
  ]);
});

const sharedBytes = new SharedArrayBuffer(2);
new Uint8Array(sharedBytes).set([1, 2]);
const eight = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

test.each<[string, unknown]>([
  ['an ArrayBuffer', eight.buffer],
  ['a SharedArrayBuffer', sharedBytes],
  ['a DataView', new DataView(eight.buffer, 1, 2)],
  ...[
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array, BigInt64Array],
  ].map((View): [string, unknown] => [View.name, new View(eight.buffer)]),
  ['a Buffer', Buffer.from('bytes')],
  ['an array', [1, 2, 255]],
  ['what a Buffer is in JSON', Buffer.from('bytes').toJSON()],
  ['a text', '\\x0102'],
  ['an empty ArrayBuffer', new ArrayBuffer(0)],
  ['a Blob', new Blob(['a'])],
  ['a number', 7],
])('bytes given as %s are written as plain drizzle writes them', async (_, v) => {
  const columns = { v: [custom('bytea'), 'bytea'], w: [varchar({ length: 99 }), 'varchar(99)'] } as const;
  const rows = [{ v }, { v, w: v }, { v: sql`${sql.param(v)}` }, { v: Buffer.from('other') }];
  await expectSameColumns(usual, columns, rows as never);
  const { table, empty } = await makeTable(usual, { v: [custom('bytea'), 'bytea'] });
  const stored = sql`select v::text as row from ${table} order by n`;
  await expectSameLoads(usual, table, [{ v }, { v: Buffer.from('other') }], { empty, stored });
});

test('bytes that change when the insert is made and not yet written stay what they were', async () => {
  const db = usual.batched;
  await db.execute(sql`truncate things restart identity`);
  const bytes = new Uint8Array([1, 2]);
  const plain = db.insert(things).values({ k: 1, b: bytes.buffer as never });
  const inSql = db.insert(things).values({ k: 2, b: sql`${sql.param(bytes.buffer)}` });
  const inSet = db
    .insert(things)
    .values({ k: 1 })
    .onConflictDoUpdate({ target: things.k, set: { b: sql`${sql.param(bytes.buffer)} || ${things.b}` } });
  bytes.fill(9);
  await Promise.all([plain, inSql]);
  await inSet;
  const rows = await db.execute(sql`select k, b::text from things order by k`);
  expect([...rows]).toEqual([
    { k: 1, b: '\\x01020102' },
    { k: 2, b: '\\x0102' },
  ]);
});

/** A way to write inserts, each of which gets a key of its own. */
type Way = (
  db: PostgresJsDatabase,
  insert: (db: PostgresJsDatabase, k: number) => PromiseLike<unknown>,
) => Promise<unknown>;

const ways: Record<string, Way> = {
  'one alone': (db, insert) => tell(() => insert(db, 1)),
  'one in a transaction': (db, insert) => db.transaction((tx) => tell(() => insert(tx as never, 1))),
  'two on the database': (db, insert) => Promise.all([1, 2].map((k) => tell(() => insert(db, k)))),
  'three in a transaction that goes on': (db, insert) =>
    db.transaction(async (tx) => {
      const told = await Promise.all([1, 2, 3].map((k) => tell(() => insert(tx as never, k))));
      await tx.insert(things).values({ name: 'behind' });
      return told;
    }),
  'among more than go by own statements': (db, insert) =>
    db.transaction(async (tx) => {
      const names = Array.from({ length: manyEntries }, (_, k) => ({ name: 'beside', k: 100 + k }));
      const beside = names.map((row) => tx.insert(things).values(row).execute());
      const told = await tell(() => insert(tx as never, 1));
      await Promise.allSettled(beside);
      return told;
    }),
};

const clauses: Record<string, (k: number) => Parameters<typeof upsert>[2]> = {
  'a point': () => ({ p: { x: 1, y: 2 } as never }),
  'a number with a serialiser': () => ({ cents: 5 }),
  'a text with a serialiser': () => ({ name: 'new value' }),
  'bytes as an array': () => ({ b: [1, 2, 255] as never }),
  'bytes of an ArrayBuffer': () => ({ b: new Uint8Array([1, 2]).buffer as never }),
  'an sql value': (k) => ({ cents: sql`${things.cents} + ${k}`, flag: true }),
  'a value that its serialiser refuses': () => ({ p: { x: -1, y: 2 } as never }),
};

function upsert(
  db: PostgresJsDatabase,
  k: number,
  set: Partial<typeof things.$inferInsert> | { cents: SQL },
) {
  return db.insert(things).values({ k, cents: 1 }).onConflictDoUpdate({ target: things.k, set }).returning();
}

describe.each(Object.entries(ways))('%s', (_, way) => {
  test.each(Object.entries(clauses))('a conflict clause sets %s as plain drizzle does', async (_, set) => {
    for (const both of [sides, usual]) {
      const { plain, batched } = await both.runAndRead(async (db) => {
        await db.execute(sql`insert into things (k, cents) select n, n from generate_series(1, 5) n`);
        return tell(() => way(db, (on, k) => upsert(on, k, set(k))).then((told) => [told]));
      }, things);
      expect(batched).toEqual(plain);
    }
  });

  test('an expression of returning() gets its parameters as plain drizzle writes them', async () => {
    for (const both of [sides, usual]) {
      const { plain, batched } = await both.runAndRead(
        (db) =>
          tell(() =>
            way(db, (on, k) =>
              on
                .insert(things)
                .values({ k, name: 'a' })
                .returning({
                  id: things.id,
                  name: sql`${'abc'}::varchar || ${things.name}`,
                  bytes: sql`${sql.param([1, 2])}::bytea`,
                }),
            ).then((told) => [told]),
          ),
        things,
      );
      expect(batched).toEqual(plain);
    }
  });
});

test('a reference to a statement that is described, and one inside of it, are wired', async () => {
  const db = batchedDrizzle(database.connect({ types } as never));
  await db.execute(sql`truncate things restart identity`);
  await db.transaction(async (tx) => {
    const parent = tx.insert(things).values({ k: 1, p: at(1, 2) });
    tx.insert(things)
      .values({ k: parent.ref('id'), p: at(3, 4) })
      .onConflictDoNothing();
    tx.insert(things).values({ k: sql`${parent.ref('id')} + 7`, name: sql`${'x'}::varchar` });
  });
  const rows = await usual.plain.execute(sql`select k, p::text, name from things order by id`);
  expect([...rows]).toEqual([
    { k: 1, p: '(1,2)', name: null },
    { k: 8, p: null, name: 'X' },
  ]);
});

test('a serialiser that throws when its statement is described rolls the transaction back', async () => {
  const { plain, batched } = await sides.runAndRead(
    (db) =>
      tell(async () => {
        await db.transaction(async (tx) => {
          const told = await Promise.all([
            tell(() => tx.insert(things).values({ name: 'before' })),
            tell(() => tx.insert(things).values({ p: at(-1, 0) })),
          ]);
          expect(told[1]).toEqual({ error: ['DrizzleQueryError', 'RangeError'] });
        });
      }),
    things,
  );
  expect(batched).toEqual(plain);
});

test('a described statement takes one round trip more, and what travels with it none', async () => {
  const { db, plain, count } = await startCounted(database, {
    own: { types: { point: types.point } },
    knowing: false,
  });
  await plain.execute(sql`truncate things restart identity`);
  const described = () => db.insert(things).values({ p: at(1, 2) });
  expect(await count(described)).toMatchObject({ trips: 2 });
  const inTransaction = await count(() =>
    db.transaction(async (tx) => {
      for (const name of ['a', 'b', 'c'])
        tx.insert(things).values({ k: null, name: sql`lower('${sql.raw(name)}')` });
      tx.insert(things).values({ p: at(1, 2) });
      const { roundTrips } = await tx.flush();
      return roundTrips;
    }),
  );
  // BEGIN and the three, the description, the insert, COMMIT.
  expect(inTransaction).toMatchObject({ trips: 4, result: 3 });
});

test.each(['server', 'client'] as const)(
  'a key that was drawn is not serialised again for the rows that refer to it: keys kept by the %s',
  async (keys) => {
    await usual.plain.execute(sql`drop table if exists children, parents`);
    await usual.plain.execute(sql`create table parents (id bigserial primary key, name text)`);
    await usual.plain.execute(sql`create table children (parent_id bigint references parents, name text)`);
    const parents = pgTable('parents', { id: bigserial({ mode: 'number' }).primaryKey(), name: text() });
    const children = pgTable('children', { parentId: bigint('parent_id', { mode: 'number' }), name: text() });
    const cents = {
      ...types.cents,
      serialize: (euros: unknown) => String(Number(euros) * 100),
      parse: (amount: string) => Number(amount) / 100,
    };
    const db = batchedDrizzle(database.connect({ types: { cents } } as object), { batch: { keys } });
    await db.transaction(async (tx) => {
      const made = Array.from({ length: manyEntries }, (_, n) =>
        tx
          .insert(parents)
          .values({ name: `${n}` })
          .returning({ id: parents.id }),
      );
      await tx.flush();
      for (const [n, parent] of made.entries())
        tx.insert(children).values({ parentId: parent.ref('id'), name: `${n}` });
    });
    const wrong = sql`select from parents p join children c on c.parent_id = p.id where c.name <> p.name`;
    expect(await usual.plain.execute(wrong)).toHaveLength(0);
    expect(await usual.plain.$count(children)).toBe(manyEntries);
  },
);
