/** COPY and casts read a text with the length, precision or fields of its type, and a parameter of an INSERT without. */
import { getTableName, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectSameLoads } from '../support/same-loads.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { custom, makeTable } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let sides: SideBySide;
const sent: string[] = [];

beforeAll(async () => {
  const logger = { logQuery: (statement: string) => void sent.push(statement) };
  sides = sideBySide(database, { logger, batch: { copyRows: 2 } }, sql`select`);
  await sides.plain.execute(sql.raw(types));
});

/** The type `fits` has the functions of an interval, and \`fits(8)\` is what \`interval day\` is. Nothing fits it to its column. */
const types = `
  create domain day as interval day;
  create domain days as interval day[];
  create domain small as numeric(4, 1);
  create domain code as char(3);
  create type span as (i interval minute to second, n numeric(3, 1));
  create type fits;
  create function fits_in(cstring, oid, int4) returns fits language internal immutable strict as 'interval_in';
  create function fits_out(fits) returns cstring language internal immutable strict as 'interval_out';
  create function fits_modifier(cstring[]) returns int4 language internal immutable strict as 'intervaltypmodin';
  create type fits (
    input = fits_in, output = fits_out, typmod_in = fits_modifier, internallength = 16, alignment = double);
  create domain fitting as fits(8);`;

const intervals = [
  '1',
  '1:30',
  '1 day 2:03:04.56',
  '-1',
  '1.6',
  'P1Y2M',
  '1-2 3',
  '12:00 ago',
  'nonsense',
  '2 years',
];

/** By the type of the column, texts for it. */
const alike: Record<string, readonly unknown[]> = {
  'numeric(4, 1)': ['1.25', '-0.05', '1000', '999.95', 'NaN', '1e2', 'Infinity', '0x10'],
  'numeric(2, -2)': ['1234', '50', '49', '9999'],
  'varchar(3)': ['abc', 'abcd', 'ab  ', 'abc  ', ''],
  'char(3)': ['abc', 'abcd', 'a', 'abc  '],
  'bit(3)': ['101', '1', '1010', 'x7', 'B101'],
  'bit varying(3)': ['101', '1', '1010', ''],
  'time(1)': ['12:00:00.96', '24:00', '23:59:59.99', 'allballs'],
  'time(0) with time zone': ['12:00:00.5+02', '23:59:59.9'],
  'timestamp(1)': ['2024-01-01 00:00:00.96', 'infinity', 'epoch', '2024-12-31 23:59:59.99'],
  'timestamp(0) with time zone': ['2024-01-01 00:00:00.5+02', '-infinity'],
  'varchar(3)[]': ['{abc,ab}', '{abcd}', '{"ab  "}', '{NULL}'],
  'numeric(3, 1)[]': ['{1.25,9.99}', '{{1.25},{100}}', '{0.05}'],
  small: ['1.25', '1000', '-0.05'],
  code: ['abc', 'abcd', 'a'],
  span: ['(1:30,1.25)', '(1,100)', '(1,)'],
};

const unlike: Record<string, readonly unknown[]> = {
  ...Object.fromEntries(
    ['year', 'year to month', 'day', 'day to hour', 'hour', 'minute to second', 'second', 'second(1)'].map(
      (fields) => [`interval ${fields}`, intervals],
    ),
  ),
  'interval(0)': intervals,
  'fits(8)': intervals,
  'interval day[]': ['{1,1:30}', '{{1},{2}}', '{}'],
};

/** Types of the user that name fields: COPY reads them as an INSERT does, and a cast to the type below does not. */
const below: Record<string, readonly unknown[]> = {
  day: intervals,
  days: ['{1,1:30}', '{}'],
  fitting: intervals,
};

describe.each(Object.entries({ ...alike, ...unlike, ...below }))('%s', (type, values) => {
  const rows = values.map((v) => ({ v }));
  const isCopied = (table: PgTable) =>
    sent.some((statement) => statement.startsWith(`copy "${getTableName(table)}"`));

  test('is written as plain drizzle writes it', async () => {
    const { table, empty } = await makeTable(sides, { v: [custom(type), type] });
    const [told = []] = await expectSameRows(sides, table, rows, { empty });
    expect(isCopied(table)).toBe(type in alike);
    expect(told.some((each) => 'got' in each)).toBe(true);
  });

  test('is loaded as plain drizzle writes it', async () => {
    const { table, empty } = await makeTable(sides, { v: [custom(type), type] });
    const stored = sql`select v::text as row from ${table} order by n`;
    await expectSameLoads(sides, table, rows, { empty, stored });
    expect(isCopied(table)).toBe(!(type in unlike));
  });
});
