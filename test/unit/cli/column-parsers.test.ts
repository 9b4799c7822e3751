import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  type PgColumn,
  pgEnum,
  pgTable,
  point,
  smallint,
  text,
  timestamp,
  uuid,
  vector,
} from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { textParser } from '../../../cli/src/column-parsers.ts';
import { jsonParser } from '../../../cli/src/json-values.ts';

const mood = pgEnum('mood', ['calm', 'wild']);
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const upper = customType<{ data: string }>({
  dataType: () => 'text',
  fromDriver: (v) => String(v).toUpperCase(),
});
const day = new Date('2024-01-31');

const t = pgTable('t', {
  small: smallint(),
  whole: integer(),
  big: bigint({ mode: 'number' }),
  huge: bigint({ mode: 'bigint' }),
  amount: numeric(),
  price: numeric({ mode: 'number' }),
  precise: doublePrecision(),
  flag: boolean(),
  note: text(),
  mood: mood(),
  moment: timestamp(),
  stamp: timestamp({ mode: 'string' }),
  tag: uuid(),
  document: jsonb(),
  labels: text().array(),
  grid: integer().array().array(),
  place: point(),
  embedding: vector({ dimensions: 2 }),
  bytes: bytea(),
  loud: upper(),
});
type Key = keyof typeof t.$inferInsert;

const parse = (key: Key, value: string) => textParser(t[key] as PgColumn)(value);

test.each<[Key, string, unknown]>([
  ['small', '-32768', -32768],
  ['whole', ' +17 ', 17],
  ['big', '9007199254740991', 9007199254740991],
  ['huge', '9223372036854775807', 9223372036854775807n],
  ['huge', '+5', 5n],
  ['amount', '12345678901234567890.1200', '12345678901234567890.1200'],
  ['amount', 'NaN', 'NaN'],
  ['price', '12.50', 12.5],
  ['precise', '1e-7', 1e-7],
  ['precise', '-Infinity', Number.NEGATIVE_INFINITY],
  ['precise', 'nan', Number.NaN],
  ['flag', 'yes', true],
  ['flag', 'F', false],
  ['flag', '0', false],
  ['note', ' as it is ', ' as it is '],
  ['mood', 'wild', 'wild'],
  ['moment', '2024-01-31', day],
  ['stamp', '2024-01-31 10:00:00.123456', '2024-01-31 10:00:00.123456'],
  ['tag', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  ['document', '{"a":[1,null]}', { a: [1, null] }],
  ['labels', '{}', []],
  ['labels', '{a,NULL,"NULL","x, \\"y\\"", b c }', ['a', null, 'NULL', 'x, "y"', 'b c']],
  [
    'grid',
    '{{1,2},{3,NULL}}',
    [
      [1, 2],
      [3, null],
    ],
  ],
  ['place', '(1.5,2)', [1.5, 2]],
  ['embedding', '[1,2.5]', [1, 2.5]],
  ['bytes', '\\xdeadbeef', Buffer.from('deadbeef', 'hex')],
  ['loud', 'quiet', 'QUIET'],
])('text of a %s, %s, becomes a value of its type', (key, given, value) => {
  expect(parse(key, given)).toEqual(value);
});

test.each<[Key, string, string]>([
  ['small', '32768', 'is out of range, -32768 to 32767'],
  ['whole', '1.0', 'is not an integer'],
  ['whole', '0x10', 'is not an integer'],
  ['whole', '', 'is not an integer'],
  ['whole', '2147483648', 'is out of range, -2147483648 to 2147483647'],
  ['big', '9007199254740993', "is beyond what mode 'number' can hold; mode 'bigint' can"],
  ['huge', '9223372036854775808', 'is out of range, -9223372036854775808 to 9223372036854775807'],
  ['amount', '1,5', 'is not a number'],
  ['price', '1234567890123456.5', "has more digits than mode 'number' can hold; mode 'string' can"],
  ['precise', '1_000', 'is not a number'],
  ['flag', 'maybe', 'is not a boolean like true, f or 0'],
  ['mood', 'Calm', 'is none of calm, wild'],
  ['tag', 'a0eebc99', 'is not a UUID'],
  ['document', '{a:1}', 'is not JSON'],
  ['document', 'null', 'is the null of JSON; an empty field is NULL'],
  ['labels', 'a,b', 'is not an array like {1,2} or {"a b",NULL}'],
  ['labels', '{a', 'is not an array like {1,2} or {"a b",NULL}'],
  ['labels', '{a,}', 'is not an array like {1,2} or {"a b",NULL}'],
  ['labels', '{a}b', 'is not an array like {1,2} or {"a b",NULL}'],
  ['labels', '{{a}}', 'has another number of dimensions than the column'],
  ['grid', '{1}', 'has another number of dimensions than the column'],
  ['bytes', '\\xabc', 'is not bytes like \\xdeadbeef'],
])('text of a %s, %s, is refused: %s', (key, given, why) => {
  expect(() => parse(key, given)).toThrow(why);
});

describe('a value of JSON', () => {
  const parseValue = (key: Key, value: unknown) => jsonParser(t[key] as PgColumn)(value);

  test.each<[Key, unknown, unknown]>([
    ['whole', 17, 17],
    ['whole', '17', 17],
    ['huge', 17, 17n],
    ['huge', '9223372036854775807', 9223372036854775807n],
    ['amount', 1.5, '1.5'],
    ['flag', true, true],
    ['moment', '2024-01-31', day],
    ['document', 'text', 'text'],
    ['document', [1, { a: 2 }], [1, { a: 2 }]],
    ['labels', ['a', null], ['a', null]],
    ['labels', '{a,b}', ['a', 'b']],
    ['grid', [[1], [2]], [[1], [2]]],
    ['place', [1, 2], [1, 2]],
  ])('for a %s, %j, becomes a value of its type', (key, given, value) => {
    expect(parseValue(key, given)).toEqual(value);
  });

  test.each<[Key, unknown, string]>([
    ['note', 17, 'is a number, and the column is text'],
    ['whole', true, 'is a boolean, and the column is integer'],
    ['whole', 1.5, 'is not an integer'],
    ['flag', 1, 'is a number, and the column is boolean'],
    ['note', { a: 1 }, 'is an object, and the column is text'],
    ['labels', [1], 'is a number, and the column is text'],
    ['amount', 0.1234567890123457, 'may have lost digits as a number of JSON; write it as a string'],
  ])('for a %s, %j, is refused: %s', (key, given, why) => {
    expect(() => parseValue(key, given)).toThrow(why);
  });
});
