/** Values for every column type of drizzle's pg-core: ordinary ones, odd ones, and some that are refused. */
import type { PgColumnBuilderBase } from 'drizzle-orm/pg-core';
import * as pg from 'drizzle-orm/pg-core';

export interface ColumnValues {
  readonly column: () => PgColumnBuilderBase;
  /**
   * The type in SQL, if the server does not accept drizzle's name for it or if the name does not cover all
   * values.
   */
  readonly type?: string;
  /** The first version of PostgreSQL that has the type, if older versions lack it. */
  readonly since?: number;
  readonly values: readonly unknown[];
}

/** Texts that some encoding could misread as something else. */
export const texts = [
  ...[
    '',
    ' ',
    'plain',
    "it's",
    '"',
    '\\',
    '\\\\',
    '\\N',
    '\\.',
    'NULL',
    'null',
    'default',
    '{}',
    '{a,b}',
    ',',
  ],
  ...[
    ';',
    '$1',
    '\t\r\n\v\f\b',
    ' lead',
    'trail  ',
    '--',
    '/*',
    '%s',
    '\u0001',
    '\u00a0',
    '\ufeff',
    '\uffff',
  ],
  ...['😀 é \u202e', '\ud83d', '\ude00', 'a\u0000b'],
];
const dates = ['2024-02-29', 'infinity', '-infinity', '0001-01-01 BC', '5874897-12-31', 'x', '12/31/2020'];
const times = ['12:34:56.789', '24:00:00', '00:00', '12:34:56.1234567', 'nope', '04:05 PM'];
const documents: readonly unknown[] = [
  ...[{}, [], null, 'null', 'NULL', 1, true, false, 0, -0, '', Number.NaN, '{"a":1}', '\u0000', '\ud83d'],
  ...[{ b: 1, a: [null], 'k"': "'" }, { __proto__: null, constructor: 1 }, at('2024-02-29'), 5n, () => 1],
  texts.filter((text) => text !== 'a\u0000b'),
];
const floats = [
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  0.1 + 0.2,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  '1e400',
];

function at(time: string): Date {
  return new Date(time);
}

const day = at('2024-02-29T12:34:56.789Z');
const mood = pg.pgEnum('mood', ['fine', 'NULL', 'a "b"']);
const point = [
  [1, 2],
  [-0, Number.NaN],
  [Infinity, 1e-300],
];

export const columnValues: Record<string, ColumnValues> = {
  'bigint, number': {
    column: () => pg.bigint({ mode: 'number' }),
    values: [0, -0, 2 ** 53, -5, 1e21, Number.NaN, '12', 1.5, 7n],
  },
  'bigint, bigint': {
    column: () => pg.bigint({ mode: 'bigint' }),
    values: [0n, 9223372036854775807n, -9223372036854775808n, 9223372036854775808n],
  },
  'bigserial, number': { column: () => pg.bigserial({ mode: 'number' }), values: [7, 2 ** 53] },
  'bigserial, bigint': { column: () => pg.bigserial({ mode: 'bigint' }), values: [7n, -1n] },
  bit: { column: () => pg.bit({ dimensions: 3 }), values: ['101', '1', '10101', '', 'B101', '12'] },
  boolean: { column: () => pg.boolean(), values: [true, false, 't', 'yes', 0, 'maybe', 1n] },
  char: { column: () => pg.char({ length: 3 }), values: [...texts, 'abcd', 'abc ', 'ab   '] },
  cidr: { column: () => pg.cidr(), values: ['10.0.0.0/8', '::1/128', '192.168.1', '10.0.0.1/8'] },
  'date, date': {
    column: () => pg.date({ mode: 'date' }),
    values: [day, at('0001-01-01'), at('+010000-01-01'), at('nope'), 'no date'],
  },
  'date, string': { column: () => pg.date({ mode: 'string' }), values: [...dates, day] },
  doublePrecision: { column: () => pg.doublePrecision(), values: floats },
  enum: { column: () => mood(), values: ['fine', 'NULL', 'a "b"', 'other', ''] },
  'enum of an object': {
    column: () => pg.pgEnum('mood', { Fine: 'fine' } as const)(),
    values: ['fine', 'Fine'],
  },
  'geometry, tuple': { column: () => pg.geometry(), type: 'geometry', values: [[1, 2]] },
  'geometry, xy': { column: () => pg.geometry({ mode: 'xy' }), type: 'geometry', values: [{ x: 1, y: 2 }] },
  halfvec: { column: () => pg.halfvec({ dimensions: 2 }), type: 'halfvec', values: [[1, 2.5]] },
  inet: { column: () => pg.inet(), values: ['10.0.0.1/8', '::ffff:1.2.3.4', 'nope'] },
  integer: {
    column: () => pg.integer(),
    values: [0, -0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1.5, Number.NaN, ' 7 ', '0x1F', '1_000', true, 5n],
  },
  interval: {
    column: () => pg.interval(),
    values: ['1 day', '1 year 2 mons -3 days 04:05:06.789', 'P1Y2M3DT4H5M6S', '-1:00', 'infinity', 'nope'],
  },
  'interval with fields': {
    column: () => pg.interval({ fields: 'day to second', precision: 3 }),
    type: 'interval day to second(3)',
    values: ['1 day 1:2:3.45678', '2 years', '90 minutes'],
  },
  json: { column: () => pg.json(), values: documents },
  jsonb: { column: () => pg.jsonb(), values: documents },
  'line, tuple': {
    column: () => pg.line(),
    values: [
      [1, 2, 3],
      [0, 0, 1],
      [1.5, -0, 1e300],
    ],
  },
  'line, abc': { column: () => pg.line({ mode: 'abc' }), values: [{ a: 1, b: 2, c: 3 }] },
  macaddr: { column: () => pg.macaddr(), values: ['08:00:2b:01:02:03', '08002b010203', 'x'] },
  macaddr8: { column: () => pg.macaddr8(), values: ['08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03'] },
  numeric: {
    column: () => pg.numeric(),
    values: [
      '1.10',
      '-0',
      'NaN',
      'Infinity',
      '1e1000',
      '1e-1000',
      '0.1000000000000000000000000000001',
      ' 5 ',
    ],
  },
  'numeric(6, 2)': {
    column: () => pg.numeric({ precision: 6, scale: 2 }),
    values: ['1.005', '9999.994', '9999.995', '1e3', 'NaN'],
  },
  'numeric(2, -3)': {
    column: () => pg.numeric(),
    type: 'numeric(2, -3)',
    since: 15,
    values: ['12345', '99999'],
  },
  'numeric, number': {
    column: () => pg.numeric({ mode: 'number' }),
    values: [1.1, -0, Number.NaN, Infinity, 1e21, 1e-7],
  },
  'numeric, bigint': { column: () => pg.numeric({ mode: 'bigint' }), values: [10n ** 40n, -1n] },
  'point, tuple': { column: () => pg.point(), values: [...point, ['1', '2'], []] },
  'point, xy': {
    column: () => pg.point({ mode: 'xy' }),
    values: [
      { x: 1, y: 2 },
      { x: '1)', y: 2 },
    ],
  },
  real: { column: () => pg.real(), values: [...floats, 0.1, 1e-46, 3.4e38, 3.5e38, 16777217] },
  serial: { column: () => pg.serial(), values: [7, -1] },
  smallint: { column: () => pg.smallint(), values: [0, 32767, 32768, '12'] },
  smallserial: { column: () => pg.smallserial(), values: [7, 32768] },
  sparsevec: { column: () => pg.sparsevec({ dimensions: 3 }), type: 'sparsevec', values: ['{1:1,3:2.5}/3'] },
  text: { column: () => pg.text(), values: [...texts, 5, true, 5n, {}, day, Buffer.from('bytes')] },
  time: { column: () => pg.time(), values: times },
  'time(2)': { column: () => pg.time({ precision: 2 }), values: times },
  'time with time zone': {
    column: () => pg.time({ withTimezone: true }),
    values: [...times, '12:00+05:30', '2024-01-01 12:00 America/New_York'],
  },
  'timestamp, date': {
    column: () => pg.timestamp(),
    values: [day, at('0001-01-01'), at('+020000-01-01'), at('-000010-01-01'), at('nope'), '2024'],
  },
  'timestamp, string': {
    column: () => pg.timestamp({ mode: 'string' }),
    values: [...dates, '2024-03-10 02:30:00.1234567', '2024-01-01T00:00:00+05', day],
  },
  'timestamp(2), string': {
    column: () => pg.timestamp({ mode: 'string', precision: 2 }),
    values: ['2024-01-01 00:00:00.995', '2024-01-01 00:00:00.0049999'],
  },
  'timestamp with time zone, date': { column: () => pg.timestamp({ withTimezone: true }), values: [day] },
  'timestamp with time zone, string': {
    column: () => pg.timestamp({ withTimezone: true, mode: 'string' }),
    values: ['2024-02-29 12:34:56.789-07:30', '2024-02-29 12:00 America/New_York', 'epoch', '2024-02-29'],
  },
  uuid: {
    column: () => pg.uuid(),
    values: ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'x'],
  },
  varchar: { column: () => pg.varchar(), values: texts },
  'varchar(3)': { column: () => pg.varchar({ length: 3 }), values: [...texts, 'abcd', 'abc  ', '😀😀😀'] },
  vector: { column: () => pg.vector({ dimensions: 2 }), type: 'vector', values: [[1, 2.5], []] },
};
