/** Values on PGlite: each is written, read and refused as in plain drizzle, alone, in a turn and in a transaction. */
import { inspect } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { customType, pgTable, serial } from 'drizzle-orm/pg-core';
import type { PgliteDatabase } from 'drizzle-orm/pglite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all, onBoth, useInstance } from '../support/pglite.ts';

const types = [
  'text',
  'varchar(12)',
  'char(5)',
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'numeric(8, 2)',
  'real',
  'double precision',
  'json',
  'jsonb',
  'bytea',
  'date',
  'time',
  'timestamp',
  'timestamp with time zone',
  'interval',
  'uuid',
  'inet',
  'integer[]',
  'text[]',
  'boolean[]',
  'mood',
  'flag',
  'short',
] as const;

type Type = (typeof types)[number];

/** A column of that type, whose values reach the driver unchanged. */
const column = (type: string) => customType<{ data: unknown }>({ dataType: () => type })();

const tables = new Map(
  types.map((type, index) => [
    type,
    pgTable(`values_${index}`, { n: serial().primaryKey(), v: column(type) }),
  ]),
);

const create = [
  "create type mood as enum ('happy', 'sad')",
  'create domain flag as boolean',
  'create domain short as varchar(5) check (value <> $$no$$)',
  ...types.map((type, index) => `create table values_${index} (n serial primary key, v ${type})`),
].join(';');

const values: readonly unknown[] = [
  null,
  undefined,
  '',
  'a',
  'true',
  'yes',
  ' T ',
  'happy',
  'no',
  'ü "quoted" \\ {x}',
  '{}',
  '{1,2}',
  '{"a": 1}',
  '[1]',
  '\\x00ff',
  '12',
  '12.50',
  '2020-02-29',
  '2020-02-29T12:34:56.789Z',
  '12:34:56',
  '1 day',
  '::1',
  'b0b5a6c1-1d1f-4d3c-9b1a-0123456789ab',
  0,
  1,
  2,
  -3,
  1.5,
  1e21,
  NaN,
  Infinity,
  40_000,
  0n,
  9_007_199_254_740_993n,
  true,
  false,
  new Date(0),
  new Date(NaN),
  new Uint8Array([0, 255, 16]),
  Buffer.from('xabc').subarray(1),
  [],
  [1, 2],
  ['a', null, 'b"'],
  [true],
  [[1], [2]],
  { a: [1, { b: 'c' }] },
  { toString: () => '7' },
];

/** PGlite writes half a message for what is no text, and then fails at the next statement. */
function isSound(value: unknown, type: string): boolean {
  return !type.endsWith('[]') || value === undefined || typeof value === 'string' || Array.isArray(value);
}

const instance = useInstance(create);
const own = useInstance(create, {
  serializers: {
    // PGlite's types want a text, and it sends null as NULL.
    25: (value) => (value === '' ? (null as unknown as string) : `<${value}>`),
    23: (value) => String(Number(value) + 1),
    1700: (value) => String(value),
  },
  parsers: { 23: (given) => Number(given) * 2, 25: (given) => given.toUpperCase() },
});

describe.each<[string, () => PGlite, readonly Type[]]>([
  ['an instance', instance, types],
  [
    'an instance with serialisers and parsers of its own',
    own,
    ['text', 'integer', 'numeric', 'text[]', 'short'],
  ],
])('on %s', (_, client, chosen) => {
  test.each(chosen)('every value for %s', async (type) => {
    const table = tables.get(type) as NonNullable<ReturnType<typeof tables.get>>;
    const name = `values_${types.indexOf(type)}`;
    const sound = values.filter((value) => isSound(value, type));
    const write = async (db: PgliteDatabase, v: unknown): Promise<object> => {
      const insert = () => db.insert(table).values({ v });
      const alone = await all([insert().returning({ v: table.v, text: sql`v::text` })]);
      const expression = db.insert(table).values({ v: sql`${v}` as never });
      const inExpression = v === undefined || Array.isArray(v) ? [] : await all([expression]);
      const ofTurn = await all([insert(), insert(), insert()]);
      const { rows } = await db.execute(sql.raw(`delete from ${name} returning v::text`));
      return { value: inspect(v), alone, inExpression, ofTurn, rows };
    };
    const { plain, batched } = await onBoth(client(), name, async (db) => {
      const written: object[] = [];
      for (const v of sound) written.push(await write(db, v));
      return written;
    });
    expect(batched.outcome).toEqual(plain.outcome);
  });

  test('random rows in one transaction', { timeout: 120_000 }, async () => {
    const good: Partial<Record<Type, fc.Arbitrary<unknown>>> = {
      text: fc.string({ unit: fc.constantFrom('a', '"', '\\', '{', ',', ' ', 'é', '😀', '\n') }),
      integer: fc.integer({ min: -1e6, max: 1e6 }),
      numeric: fc.oneof(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.constant('1.50')),
      boolean: fc.oneof(fc.boolean(), fc.constantFrom('yes', 0, 1, 'F')),
      jsonb: fc.oneof(fc.jsonValue({ noUnicodeString: true } as never), fc.constant('{"a":1}')),
      bytea: fc.uint8Array({ maxLength: 8 }),
      'timestamp with time zone': fc.oneof(
        fc.constant(new Date(1e12)),
        fc.constant(1.5e12),
        fc.constant('2020-01-01'),
      ),
      'text[]': fc.array(fc.oneof(fc.constant(null), fc.constantFrom('a', 'b "c"', '', 'null', '{'))),
      mood: fc.constantFrom('happy', 'sad'),
    };
    const kinds = Object.keys(good) as (keyof typeof good)[];
    const rows = fc.constantFrom(...kinds).chain((type) =>
      fc.tuple(
        fc.constant(type),
        fc.array(
          fc.oneof(
            { weight: 1, arbitrary: fc.constant(null) },
            { weight: 5, arbitrary: good[type] ?? fc.constant(1) },
          ),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(10, 10_000), async ([type, given], copyRows) => {
        const table = tables.get(type) as NonNullable<ReturnType<typeof tables.get>>;
        const name = `values_${types.indexOf(type)}`;
        const work = async (db: PgliteDatabase) => {
          const ids = await db.transaction((tx) =>
            all(given.map((v) => tx.insert(table).values({ v }).returning({ n: table.n }))),
          );
          return { ids, rows: (await db.execute(sql.raw(`select n, v::text from ${name} order by n`))).rows };
        };
        const { plain, batched } = await onBoth(client(), name, work, { copyRows });
        expect(batched.outcome).toEqual(plain.outcome);
      }),
      { numRuns: 40, seed: 7, endOnFailure: true },
    );
  });
});

test('a serialiser that is replaced while the instance is used writes what comes behind', async () => {
  const client = await PGlite.create();
  await client.exec(create);
  const texts = tables.get('text') as NonNullable<ReturnType<typeof tables.get>>;
  const before = client.serializers[25] as (value: string) => string;
  const work = async (db: PgliteDatabase) => {
    const add = (v: string) => db.insert(texts).values({ v });
    client.serializers[25] = before;
    await add('one');
    client.serializers[25] = (value) => `<${value}>`;
    await add('two');
    await all([add('three'), add('four')]);
    await db.transaction(async (tx) => {
      await tx.insert(texts).values({ v: 'five' });
      await all(['six', 'seven'].map((v) => tx.insert(texts).values({ v })));
    });
    return (await client.query(`select v from values_0 order by n`)).rows;
  };
  const { plain, batched } = await onBoth(client, 'values_0', work);
  await client.close();
  expect(plain.outcome).toContainEqual({ v: '<two>' });
  expect(batched.outcome).toEqual(plain.outcome);
});
