import { sql } from 'drizzle-orm';
import { jsonb, pgTable, serial, text, varchar } from 'drizzle-orm/pg-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { expectSameRows, type Row, refusals, tell } from '../support/same-rows.ts';
import { custom, expectSameValues } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let sides: SideBySide;

beforeAll(async () => {
  await drizzle(database.client()).execute(sql`
    create table victim (n int);
    create table things (n serial primary key, v text, short varchar(5), j jsonb);
    create domain note as text;
    create type mood as enum ('NULL', '{}', '\\N', '');
    create type pair as (a text, b text)`);
  sides = sideBySide(database, {}, sql`truncate things restart identity`);
});

const things = pgTable('things', {
  n: serial().primaryKey(),
  v: text(),
  short: varchar({ length: 5 }),
  j: jsonb(),
});

/** Values that would do harm or be lost if they became part of SQL, of a literal or of a setting. */
const attempts = [
  ...["'); drop table victim; --", `"; drop table victim; --`, "' or '1'='1", "\\'; drop table victim; --"],
  ...['$$; drop table victim; $$', '; commit; drop table victim', "E'\\x27'", '\\x27', '--', '/* */'],
  ...['$1', '$2', ':a', '?', '%s%n', 'NULL', '\\N', '\\.', 'default', "''", '"', '""', '\\', '\\\\', '\\"'],
  ...[
    '\t\n\r\v\f\b',
    '{',
    '}',
    '{}',
    '{"a"}',
    '},{',
    '{{a},{b}}',
    ',',
    'a,b',
    '(a,b)',
    '""",""',
    ' ',
    '',
    '\u200b',
  ],
  ...['batched_drizzle.k0', 'batched_drizzle.t', "current_setting('batched_drizzle.k0')", 'u.c0', 'k0.a[1]'],
  ...["nextval('things_n_seq')", '__proto__', '😀', '\ufeff', '\u2028', '\ud83d', 'a\udc00b', '\0', 'a\0b'],
];
const quoted = (value: string) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`;

describe('injection attempts, NUL, lone surrogates and the like are stored byte for byte or refused as in drizzle, in', () => {
  test.each<[string, (value: string) => unknown]>([
    ['text', (value) => value],
    ['char(40)', (value) => value],
    ['note', (value) => value],
    ['json', (value) => JSON.stringify({ [value]: [value] })],
    ['text[][]', (value) => [[value, 'x']]],
    ['jsonb[]', (value) => `{"${JSON.stringify([value]).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"}`],
    ['mood[]', (value) => [value]],
    ['pair', (value) => `(${quoted(value)},${quoted(value)})`],
    ['bytea', (value) => Buffer.from(value)],
  ])('%s', async (type, make) => {
    const told = await expectSameValues(sides, custom(type), type, attempts.map(make));
    expect(refusals(told)).toContain('ok');
    expect(rowsOf(await sides.plain.execute(sql`select from victim`))).toHaveLength(0);
  });

  test.each([
    'int4',
    'numeric',
    'uuid',
    'timestamp',
    'interval',
    'inet',
    'regclass',
    'bool',
    'pair',
    'int4[]',
  ])('%s, as what it is not', async (type) => {
    const few = attempts.filter((_, index) => index % 4 === 0);
    await expectSameValues(sides, custom(type), type, few);
  });
});

test('what is stored is what was given, character for character', async () => {
  const fine = attempts.filter((value) => !/\p{Surrogate}/u.test(value) && !value.includes('\0'));
  const read = () => sides.plain.select({ v: things.v, j: things.j }).from(things).orderBy(things.n);
  await sides.plain.execute(sql`truncate things restart identity`);
  await sides.batched.transaction((tx) =>
    Promise.all(
      fine.map((value) =>
        tx
          .insert(things)
          .values({ v: value, j: { [value]: value } })
          .returning(),
      ),
    ),
  );
  expect(await read()).toEqual(fine.map((value) => ({ v: value, j: { [value]: value } })));
});

test('a text of 10 MB is stored whole, beside a small one', async () => {
  const large = '"\\\'{},😀\n '.repeat(1_000_000);
  const { plain, batched } = await sides.run(async (db) => {
    await db.transaction((tx) =>
      Promise.all([large, 'small'].map((v) => tx.insert(things).values({ v }).returning({ n: things.n }))),
    );
    return [
      ...rowsOf(await sides.plain.execute(sql`select n, md5(v), octet_length(v) from things order by n`)),
    ];
  });
  expect(batched).toEqual(plain);
});

describe('objects as values', () => {
  class Shape {
    v = 'of a class';
    get j() {
      return 5;
    }
  }
  const cyclic: Record<string, unknown> = {};
  cyclic.own = cyclic;
  const throws = (error: Error) => () => {
    throw error;
  };

  test.each<[string, Row[]]>([
    [
      'with toString',
      [{ v: { toString: () => "'); drop" } }, { v: { toString: () => 5 } }, { v: { toString: () => ({}) } }],
    ],
    [
      'with valueOf or a primitive',
      [{ v: { valueOf: () => 'v' } }, { v: { [Symbol.toPrimitive]: () => 'p' } }],
    ],
    ['with toJSON', [{ v: { toJSON: () => 'x' } }, { j: { toJSON: () => ({ a: 1 }) } }]],
    [
      'whose text throws',
      [{ v: { toString: throws(new Error('no')) } }, { j: { toJSON: throws(new RangeError('no')) } }],
    ],
    ['of classes', [...driver.ofClasses.map((v) => ({ v })), { j: new Map() }]],
    [
      'without a prototype',
      [{ v: Object.create(null) }, { j: Object.assign(Object.create(null), { a: 1 }) }],
    ],
    ['that are proxies', [{ v: new Proxy({}, {}) }, { j: new Proxy({}, {}) }]],
    ['that are functions', [{ v: () => 'f' }, { j: () => 1 }, { j: [() => 1, undefined, Symbol('s')] }]],
    ['that are lists where a text should be', [{ v: [] }, { v: ['a', 'b'] }, { v: [[1], [2]] }]],
    ['that are cyclic, or hold what JSON can not', [{ j: cyclic }, { j: { a: 5n } }]],
    [
      'with __proto__ and constructor among their keys',
      [{ j: JSON.parse('{"__proto__": {"a": 1}, "constructor": {"b": 1}}') }],
    ],
    [
      'as rows: with __proto__ among their keys',
      [JSON.parse('{"__proto__": {"v": "polluted"}, "constructor": "x", "j": 1}')],
    ],
    [
      'as rows: that inherit',
      [Object.create({ v: 'inherited' }), Object.assign(Object.create({ v: 'inherited' }), { j: 1 })],
    ],
    [
      'as rows: of classes, frozen, with getters',
      [
        new Shape() as never,
        Object.freeze({ v: 'frozen' }),
        {
          get v() {
            return 'got';
          },
        },
      ],
    ],
    [
      'as rows: with properties that can not be enumerated',
      [Object.defineProperty({}, 'v', { value: 'hidden' })],
    ],
  ])('%s are as in drizzle', async (_, rows) => {
    await expectSameRows(sides, things, rows);
  });

  test('whose text a copy would not have are sent as that text', async () => {
    const texts = [/re/, new Error('e')];
    await sides.plain.execute(sql`truncate things restart identity`);
    await sides.batched.insert(things).values(texts.map((v) => ({ v: v as never })));
    const stored = await sides.plain.select({ v: things.v }).from(things).orderBy(things.n);
    expect(stored).toEqual(texts.map((text) => ({ v: String(text) })));
  });

  test('do not reach into the rows by way of a polluted prototype', async () => {
    await sides.plain.execute(sql`truncate things restart identity`);
    Object.defineProperty(Object.prototype, 'v', { value: 'polluted', configurable: true, enumerable: true });
    try {
      await sides.batched.insert(things).values([{}, { v: 'own' }, { j: {} }]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'v');
    }
    expect(await sides.plain.select({ v: things.v }).from(things).orderBy(things.n)).toEqual([
      { v: null },
      { v: 'own' },
      { v: null },
    ]);
  });
});

test('only the caller whose value is refused fails: the others of the same turn are written', async () => {
  const rows = [
    { v: 'fine' },
    { v: 'a\0b' },
    { short: 'too long' },
    { j: 'half \ud83d' },
    { n: 'no number' },
    { v: { toString: () => ({}), toPostgres: () => `${Symbol('no text') as never}` } },
    { v: 'fine too' },
  ];
  const { plain, batched } = await sides.run(async (db) => {
    const told = await Promise.all(rows.map((row) => tell(() => db.insert(things).values(row as never))));
    return { told, stored: [...rowsOf(await sides.plain.execute(sql`select v from things order by v`))] };
  });
  expect(refusals(plain.told)).toEqual(['ok', '22021', '22001', '22P02', '22P02', 'TypeError', 'ok']);
  expect(batched).toEqual(plain);
});
