/** Special values and catalog states that no other file covers. */
import { sql } from 'drizzle-orm';
import {
  char,
  integer,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
  varchar,
} from 'drizzle-orm/pg-core';
import { beforeAll, expect, test } from 'vitest';
import { refusals, tell } from '../support/same-rows.ts';
import { custom, expectSameColumns } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let sides: SideBySide;

beforeAll(() => {
  sides = sideBySide(database, {}, sql`select`);
});

test('a cast with a length cuts in silence: varchar(n), char(n), bit(n), numeric(p, s) and timestamp(p) are left to their column', async () => {
  const columns = {
    name: [varchar({ length: 3 }), 'varchar(3)'],
    code: [char({ length: 3 }), 'char(3)'],
    bits: [custom('bit(3)'), 'bit(3)'],
    more: [custom('bit varying(3)'), 'bit varying(3)'],
    price: [numeric({ precision: 4, scale: 1 }), 'numeric(4, 1)'],
    at: [timestamp({ precision: 1, mode: 'string' }), 'timestamp(1)'],
    names: [varchar({ length: 3 }).array(), 'varchar(3)[]'],
  } as const;
  const fits = [
    {
      name: 'abc',
      code: 'ab',
      bits: '101',
      more: '1',
      price: '1.25',
      at: '2024-01-01 00:00:00.96',
      names: ['abc'],
    },
    { name: 'ab  ', code: 'ab  ', bits: '000', more: '', price: '-0.05', at: '2024-01-01', names: [] },
  ];
  const refused = [
    [{ name: 'abcd' }, '22001'],
    [{ code: 'abcd' }, '22001'],
    [{ bits: '1' }, '22026'],
    [{ bits: '1010' }, '22026'],
    [{ more: '1010' }, '22001'],
    [{ price: '1000' }, '22003'],
    [{ names: ['abcd'] }, '22001'],
  ] as const;
  const told = await expectSameColumns(sides, columns, [...fits, ...refused.map(([row]) => row)]);
  expect(refusals(told)).toEqual(['ok', 'ok', ...refused.map(([, code]) => code)]);
});

test('a parameter that the driver can not serialise rejects the one caller whose value does not fit', async () => {
  const table = pgTable('odd_values', {
    n: serial().primaryKey(),
    v: text(),
    at: timestamp({ mode: 'string' }),
  });
  await sides.plain.execute(sql`create table odd_values (n serial primary key, v text, at timestamp)`);
  const odd = [{ v: new Date(0) }, { at: new Date(0) }, { v: Symbol('s') }, { v: Object.create(null) }];
  const rows = [{ v: 'first' }, ...odd, { v: 'last' }];
  const { plain, batched } = await sideBySide(database, {}, sql`truncate odd_values`).run(async (db) => {
    const insertAll = rows.map((row) => tell(() => db.insert(table).values(row as never)));
    const told = refusals(await Promise.all(insertAll));
    return { told, stored: await db.select({ v: table.v, at: table.at }).from(table).orderBy(table.n) };
  });
  expect(batched).toEqual(plain);
  expect(plain.told).toContain('TypeError');
  expect(plain.stored.at(0)?.v).toBe('first');
  expect(plain.stored.at(-1)?.v).toBe('last');
});

test("each caller's count is its own", async () => {
  const table = pgTable('counted', { n: serial().primaryKey(), v: text() });
  await sides.plain.execute(sql`create table counted (n serial primary key, v text)`);
  const { plain, batched } = await sides.run((db) =>
    db.transaction((tx) =>
      Promise.all([1, 3, 2].map((size) => tell(() => tx.insert(table).values(Array(size).fill({ v: 'x' }))))),
    ),
  );
  expect(batched).toEqual(plain);
  expect(plain).toMatchObject([{ got: { count: 1 } }, { got: { count: 3 } }, { got: { count: 2 } }]);
});

test('JSON null is not SQL NULL; the string NULL is not NULL', async () => {
  const columns = {
    document: [jsonb(), 'jsonb'],
    note: [text(), 'text'],
    notes: [text().array(), 'text[]'],
    whole: [integer(), 'int'],
  } as const;
  const told = await expectSameColumns(sides, columns, [
    { document: sql`'null'::jsonb`, note: 'NULL', notes: ['NULL', null, 'null'] },
    { document: 'null', note: 'null', notes: [] },
    { document: null, note: null, notes: null, whole: null },
    { document: [null], note: '', notes: [''] },
    { whole: 'NULL' },
  ]);
  expect(refusals(told)).toEqual(['ok', 'ok', 'ok', 'ok', '22P02']);
});

test('a bigint that is none of PostgreSQL is refused or written whatever is written with it', async () => {
  const columns = { v: [custom('numeric'), 'numeric'], w: [custom('text'), 'text'] } as const;
  await expectSameColumns(sides, columns, [
    { v: 2n ** 63n - 1n, w: 1n },
    { v: 2n ** 63n },
    { w: -(2n ** 63n) - 1n },
    { v: 5n, w: 2n ** 70n },
  ]);
});
