/** Values that are returned before they are written: the text is the server's, for every type that is certain. */
import {
  bigint,
  boolean,
  char,
  customType,
  date,
  doublePrecision,
  getTableConfig,
  inet,
  integer,
  interval,
  json,
  jsonb,
  line,
  macaddr,
  numeric,
  type PgColumnBuilderBase,
  pgEnum,
  pgTable,
  point,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { certainTypes, returnedText, type SessionSettings } from '../../src/ahead/certain-types.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const sql = database.connect();
const settings: SessionSettings = {
  timeZone: 'UTC',
  dateStyle: 'ISO, MDY',
  floatDigits: '1',
  byteaOutput: 'hex',
  encoding: 'UTF8',
};

/** A column type, by its name, its OID and the modifier of the server. */
interface ColumnType {
  readonly name: string;
  readonly base: number;
  readonly modifier: number;
}

const names = [
  ...['bool', 'bytea', 'int8', 'int2', 'int4', 'text', 'json', 'float4', 'float8', 'bpchar', 'char(3)'],
  ...['varchar', 'varchar(3)', 'date', 'time', 'time(2)', 'timestamp', 'timestamp(3)', 'timestamp(0)'],
  ...['timestamptz', 'timestamptz(3)', 'numeric', 'numeric(6,2)', 'numeric(4,0)', 'numeric(3,5)', 'uuid'],
  ...['numeric(2,-1)', 'jsonb', 'mood', 'sum(6,2)', 'code'],
];

let types: readonly ColumnType[];

beforeAll(async () => {
  await sql.unsafe(`
    set timezone = 'UTC';
    create type mood as enum ('good', 'bad');
    create domain code as varchar(4);
    create function written(type text, given text) returns text language plpgsql as $$
    declare result text;
    begin
      execute pg_catalog.format('insert into typed_%s (c) values (%L) returning pg_catalog.format(''%%s'', c)', type, given)
        into result;
      return result;
    exception when others then return null;
    end $$`);
  const known: ColumnType[] = [];
  for (const [index, given] of names.entries()) {
    const name = given === 'sum(6,2)' ? 'sum' : given;
    if (given === 'sum(6,2)') await sql.unsafe('create domain sum as numeric(6,2)');
    await sql.unsafe(`create table typed_${index} (c ${name})`);
    const [row] = await sql`
      select coalesce(nullif(t.typbasetype, 0), t.oid)::int as base,
        case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as modifier
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = ${`typed_${index}`}::regclass and a.attname = 'c'`;
    known.push({ name: given, base: row?.base, modifier: row?.modifier });
  }
  types = known;
});

const digits = (least: number, most: number) => fc.stringMatching(new RegExp(`^\\d{${least},${most}}$`));
const instant = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const clock = fc
  .tuple(fc.nat(25), fc.nat(61), fc.nat(61), fc.option(digits(1, 7)))
  .map(
    ([hours, minutes, seconds, fraction]) =>
      [hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':') +
      (fraction === null ? '' : `.${fraction}`),
  );
const day = fc
  .tuple(fc.nat(9999), fc.nat(13), fc.nat(32))
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${pad(month)}-${pad(date)}`);

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

/** Texts such as programs send for columns of some type, and others that look alike. */
const anyText = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      'a',
      'ab ',
      'abc',
      'abcd',
      'abc ',
      'äöü',
      '😀😀😀',
      'true',
      'false',
      't',
      'TRUE',
      'yes',
      'good',
      'bad',
    ],
    ...[
      '0',
      '-0',
      '00',
      '+1',
      ' 1',
      '1 ',
      '-1',
      '9223372036854775807',
      '9223372036854775808',
      '32767',
      '32768',
    ],
    ...[
      '1.0',
      '1.',
      '.5',
      '-.5',
      '0.0',
      '-0.00',
      '1e3',
      '1e+21',
      'NaN',
      'Infinity',
      '2147483648',
      '-2147483648',
    ],
    ...[
      '0.0001',
      '0.00001',
      '999999999999999',
      '1000000000000000',
      '123456.7',
      '0.1',
      '1234567',
      '99999.995',
    ],
    ...[
      '\\x',
      '\\x00ff',
      '\\xFF',
      '\\xf',
      'null',
      '[]',
      '{}',
      '{"b":1,"a":2}',
      '{"a":1.50}',
      '"\\u0000"',
      '{"10":1,"9":2}',
    ],
    ...['2024-02-29', '2023-02-29', '0000-01-01', '0001-01-01', '2024-01-01 24:00:00', '2024-01-01 23:59:60'],
    ...[
      '2024-01-01T00:00:00.000Z',
      '2024-01-01 12:00:00+00',
      '2024-01-01 12:00:00.120000',
      '12:00',
      'now',
      'today',
    ],
    ...['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', 'a\0b'],
  ),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  fc.double().map(String),
  fc.float().map(String),
  fc
    .tuple(fc.constantFrom('', '-'), digits(1, 8), fc.option(digits(1, 8)))
    .map(([sign, whole, decimals]) => `${sign}${whole}${decimals === null ? '' : `.${decimals}`}`),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.json(),
  fc.uuid(),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  instant,
  instant.map((text) => text.slice(0, 10)),
  instant.map((text) => text.slice(11, 23)),
  instant.map((text) => text.replace('T', ' ').replace('Z', '+00')),
  clock,
  day,
  fc
    .tuple(day, fc.constantFrom(' ', 'T'), clock, fc.constantFrom('', 'Z', '+00', '+01'))
    .map((parts) => parts.join('')),
);

test('the table of types has a column of each', () => {
  expect(new Set(types.map(({ base }) => base).filter((base) => base < 16_384))).toEqual(
    new Set(Object.keys(certainTypes).map(Number)),
  );
});

describe('a text that is certain is the one that the server returns, or the server refuses it', () => {
  test.each(names.map((name, index) => [name, index] as const))(
    '%s',
    { timeout: 30_000 },
    async (name, index) => {
      const { base, modifier } = types[index] as ColumnType;
      const facts = { base, modifier, enumerated: base >= 16_384 };
      const texts = fc.sample(anyText, { numRuns: 3_000, seed: 1 });
      const expected = texts.map((text) => returnedText(text, facts, settings));
      const certain = texts.flatMap((text, place) =>
        expected[place] === undefined || /[\0\p{Surrogate}]/u.test(text)
          ? []
          : [{ text, told: expected[place] }],
      );
      const rows = await sql`
      select written(${String(index)}, given) as returned
      from unnest(${sql.array(certain.map(({ text }) => text))}::text[]) with ordinality g(given, place) order by place`;
      const told = certain.map(({ text, told }, place) => ({
        text,
        told: rows[place]?.returned === null ? null : told,
      }));
      expect(told).toEqual(certain.map(({ text }, place) => ({ text, told: rows[place]?.returned })));
      const fitting = rows.filter(({ returned }) => returned !== null).length;
      // Values of these types are always rounded before they fit.
      if (name === 'numeric(3,5)' || name === 'numeric(2,-1)') expect(fitting).toBe(0);
      else expect(fitting, 'some are certain').toBeGreaterThan(2);
    },
  );
});

/** Columns of drizzle, each with values. */
const columns: readonly [name: string, column: PgColumnBuilderBase, values: readonly unknown[]][] = [
  ['boolean', boolean(), [true, false]],
  ['smallint', smallint(), [1, -32_768]],
  ['integer', integer(), [0, 7, -7]],
  ['bigint of numbers', bigint({ mode: 'number' }), [1, 2 ** 40]],
  ['bigint of bigints', bigint({ mode: 'bigint' }), [1n, 2n ** 62n]],
  ['text', text(), ['', 'a', '  ', 'äöü 😀', "it's", '\\', '{}']],
  ['varchar', varchar({ length: 3 }), ['ab', 'abc', 'äöü']],
  ['char', char({ length: 3 }), ['a', 'abc', '']],
  ['numeric', numeric({ precision: 6, scale: 2 }), ['1', '1.5', '1.555', '-0.1']],
  ['numeric of numbers', numeric({ mode: 'number' }), [1, 1.5, 1e21, -0.1]],
  ['numeric of bigints', numeric({ mode: 'bigint' }), [1n, 10n ** 20n]],
  ['real', real(), [1, 0.1, 1.5e10]],
  ['double precision', doublePrecision(), [1, 0.1, 1e300, 1e-7, Math.PI]],
  ['date of texts', date(), ['2024-02-29', '0044-03-15']],
  ['date of dates', date({ mode: 'date' }), [new Date('2024-02-29T23:59:59Z')]],
  ['time', time({ precision: 2 }), ['12:00', '12:00:00.10', '12:00:00.123']],
  ['timestamp of dates', timestamp(), [new Date('2024-02-29T12:34:56.780Z')]],
  ['timestamp of texts', timestamp({ mode: 'string' }), ['2024-02-29 12:34:56.780', '2024-02-29']],
  ['timestamptz of dates', timestamp({ withTimezone: true }), [new Date('2024-02-29T12:34:56.780Z')]],
  [
    'timestamptz of texts',
    timestamp({ withTimezone: true, mode: 'string', precision: 0 }),
    ['2024-02-29 12:34:56Z', '2024-02-29 12:34:56+02', '2024-02-29 12:34:56.5Z'],
  ],
  ['interval', interval(), ['1 day', '36:00']],
  ['json', json(), [{ b: 1, a: [null, '\u00e4'] }, 'text', 5, []]],
  ['jsonb', jsonb(), [{ bb: 1, a: [null, 'ä'], 10: 1.5 }, 'text', 5, [], { a: 1e21 }]],
  ['uuid', uuid(), ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11']],
  ['inet', inet(), ['127.0.0.1/8']],
  ['macaddr', macaddr(), ['08002b:010203']],
  ['point', point(), [[1, 2]]],
  ['line', line({ mode: 'abc' }), [{ a: 1, b: 2, c: 3 }]],
  ['integers', integer().array(), [[1, 2], []]],
  ['texts', text().array(), [['a', 'b c', 'NULL', '']]],
  ['enum', pgEnum('mood', ['good', 'bad'])(), ['good']],
  ['bytea', bytes(), [Buffer.from([0, 255])]],
];

describe('a column of drizzle returns what it returns in drizzle, or its row is written at once', () => {
  test.each(columns)('%s', async (name, column, values) => {
    const table = pgTable('columns_of_drizzle', { id: serial('id').primaryKey(), value: column as never });
    const type = getTableConfig(table)
      .columns.find((each) => each.name === 'value')
      ?.getSQLType();
    await sql.unsafe(
      `drop table if exists columns_of_drizzle; create table columns_of_drizzle (id serial, value ${type})`,
    );
    const run = (db: PostgresJsDatabase) =>
      db.transaction(async (tx) => {
        const seen: unknown[] = [];
        for (const value of [null, ...values, undefined]) {
          const [row] = await tx
            .insert(table)
            .values({ value } as never)
            .returning();
          seen.push(row);
        }
        return { seen, rows: await tx.select().from(table).orderBy(table.id) };
      });
    const plain = await run(drizzle(database.client()));
    await sql.unsafe('truncate columns_of_drizzle restart identity');
    const ours = await run(
      batchedDrizzle(database.client(), { batch: { awaits: 'queued' } }) as unknown as PostgresJsDatabase,
    );
    expect(ours.seen, name).toEqual(plain.seen);
    expect(ours.seen).toEqual(ours.rows);
    expect(ours.rows.map(({ id: _, ...row }) => row)).toEqual(plain.rows.map(({ id: _, ...row }) => row));
  });
});
