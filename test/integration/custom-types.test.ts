import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { pgTable, uuid } from 'drizzle-orm/pg-core';
import type { PostgresType } from 'postgres';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchedDrizzle, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { refusals } from '../support/same-rows.ts';
import { custom, expectSameValues } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let sides: SideBySide;

beforeAll(async () => {
  await drizzle(database.client({ max: 1 })).execute(sql.raw(types));
  // The clients connect now, and read the array types.
  sides = sideBySide(database, {}, sql`select`);
});

const types = `
  create schema "we""ird s";
  create schema "MiXed.dot";
  create domain code as text check (value ~ '^[a-z]*$');
  create domain short as varchar(3);
  create domain padded as char(4);
  create domain shorter as short check (length(value) < 3);
  create domain amount as numeric(6, 2) not null default 7;
  create domain positive as int check (value > 0);
  create domain positives as positive[] check (cardinality(value) < 4);
  create domain tags as text[];
  create domain document as jsonb check (jsonb_typeof(value) = 'object');
  create domain flag as boolean;
  create domain bits as bit(3);
  create domain "we""ird s"."Dom'ain" as int4;
  create type "we""ird s"."Mo""od" as enum ('it''s', 'a "b"', 'NULL', '', '{}', 'a,b', '\\', 'é');
  create domain moody as "we""ird s"."Mo""od";
  create type "MiXed.dot".mood as enum ('x', 'y');
  create type mood as enum ('z');
  create type pair as (a int, b text);
  create type nest as (p pair, ps pair[], m "MiXed.dot".mood, d short);
  create type floats as range (subtype = float8);
  create type color as (r int);
  create function to_color(text) returns color language sql as $$ select row(42)::color $$;
  create cast (text as color) with function to_color(text);
  create function to_box(text) returns box language sql as $$ select '(1,1),(0,0)'::box $$;
  create cast (text as box) with function to_box(text);
`;

const day = new Date('2024-02-29T00:00:00Z');
const weird = ["it's", 'a "b"', 'NULL', '', '{}', 'a,b', '\\', 'é'];

async function check(type: string, values: readonly unknown[]): Promise<void> {
  const told = await expectSameValues(sides, custom(type), type, values);
  expect(refusals(told.slice(0, values.length))).toContain('ok');
}

describe('a customType is stored, returned and refused as in drizzle, of', () => {
  const objects: unknown[] = [{ a: 1 }, [1, 2], new String('x'), { toString: () => 'said' }];
  test.each<[string, unknown[]]>([
    ['bytea', [Buffer.from([0, 255, 92]), Buffer.alloc(0), new Uint8Array([1, 2]), '\\x00', '\\000', 'a\\b']],
    ['text', [5, 1.5, true, 5n, Buffer.from('ab'), day, ['a', 'b"c', null], [], ...objects]],
    ['varchar(3)', [5, true, 5n, 'abcd', ['a'], 'ab  ', Buffer.from('a')]],
    ['int4', [5n, '6', true, 2n ** 31n, [1]]],
    ['numeric(4, 1)', [5n, '6.66', true, 10n ** 4n]],
    ['float8', [5n, '1e400', 2n ** 60n]],
    ['boolean', [1, 'on', 'x', 1n, true]],
    ['money', ['$1,234.50', '-5', 3.999, 5n]],
    ['jsonb', ['{"a":1}', { a: 1 }, [1, 2], 1, 1n, true, 'x', '[1,2]']],
    ['json', ['{"a":1}', { a: 1 }, [1, 2], 1, 1n, true, 'x']],
    ['timestamp', [day, 0, '2024-01-01', 5n]],
    ['interval', [1, '1 day', 5n]],
    ['bit varying(4)', ['1', '10101', '', 5n]],
    ['bit', ['1', '0', '10']],
    ['"char"', ['a', '', 'ab', '\\101', 'é']],
    ['name', ['x'.repeat(100), '']],
    ['xml', ['<a/>', 'x', '<a b="&quot;"/>']],
    ['tsvector', ['a:1 b:2', "'it''s'"]],
    ['int4range', ['[1,5)', 'empty', '[,]', '(1,5]', '[5,1]']],
    ['int4multirange', ['{[1,2),[2,5)}', '{}']],
    ['tstzrange', ['["2024-01-01 00:00:00+02",infinity]']],
    ['floats', ['[1.5,2)', 'empty']],
    ['circle', ['<(1,2),3>']],
    ['path', ['[(1,2),(3,4)]', '((1,2),(3,4))']],
    ['oid', [1, '4294967295', 4294967296, 5n]],
    ['regclass', ['pg_class', 'nope', '1259']],
    ['int2vector', ['1 2 3', '']],
    ['tid', ['(1,2)']],
    ['pair', ['(1,a)', '(1,"a ""q"" \\\\ , ) (")', '(,)', '(1)', '("",b)']],
    ['nest', ['("(1,a)","{""(2,b)""}",x,abc)', '(,,z,)', '(,,,abcd)']],
    ['mood', ['z', 'x']],
    ['"MiXed.dot".mood', ['x', 'z']],
    ['"we""ird s"."Mo""od"', [...weird, 'other']],
  ])('%s', check);
});

describe('arrays that go to the driver as they are, or as their text, are as in drizzle, of', () => {
  const odd = ['a', 'b,c', '', 'NULL', null, '"', '\\', '{}', '\t', ' x '];
  test.each<[string, unknown[]]>([
    ['text[]', [odd, [], [odd, odd], '{a,b}', [[]], [true], [1n]]],
    ['int4[]', [[1, 2], [], [1, null], [[1], [2]], '{1}', ['1'], '[2:3]={1,2}', [1n]]],
    ['int8[]', [[1n, 2n], [1, 2], ['1']]],
    ['bool[]', [[true, false], [null, true], ['t']]],
    ['float8[]', [[1.5, Number.NaN, -0, Infinity]]],
    ['bytea[]', [[Buffer.from([0, 255])], ['\\x00']]],
    ['timestamptz[]', ['{2024-01-01,NULL}', ['2024-01-01', null]]],
    ['jsonb[]', ['{"{\\"a\\":1}"}', ['{"a":1}'], []]],
    ['box[]', ['{(1,2),(3,4);(5,6),(7,8)}', []]],
    ['pair[]', ['{"(1,a)","(2,\\"x,y\\")"}', [], ['(1,a)']]],
    ['mood[][]', ['{{z,z},{z,z}}', '{}', [['z']]]],
    ['"we""ird s"."Mo""od"[]', ['{"it\'s","NULL",NULL,"{}"}', [...weird, null], '{{é},{"a,b"}}', '{other}']],
    ['positive[]', ['{1,2}', [1, 2], '{0}']],
    ['short[]', ['{abc}', '{abcd}', ['ab ']]],
    ['color[]', ['{(7)}']],
  ])('%s', check);
});

describe('a domain is checked by the column, which cuts nothing, over', () => {
  test.each<[string, string, unknown[]]>([
    ['text', 'code', ['abc', '', 'ABC', 'é']],
    ['varchar(n)', 'short', ['abc', 'abcd', 'ab   ', '😀😀😀']],
    ['char(n)', 'padded', ['a', 'abcde', 'abcd  ']],
    ['a domain over varchar(n)', 'shorter', ['ab', 'abc', 'abcd']],
    ['numeric(p, s), not null and with a default', 'amount', ['1.005', '99999', 5, 5n]],
    ['int', 'positive', [1, 0, -1, 5n, true]],
    ['boolean', 'flag', [true, false, 't', 1]],
    ['bit(n)', 'bits', ['101', '1', '1011']],
    ['jsonb', 'document', ['{}', '[]', '{"a":1}']],
    ['arrays of a domain', 'positives', ['{1,2}', [1, 2], '{0}', '{1,2,3,4}', []]],
    ['text[]', 'tags', ['{a,b}', '{{a},{b}}', ['x', '"', null], []]],
    ['an enum', 'moody', ["it's", '', 'nope']],
    ['int, with quotes in its name and schema', '"we""ird s"."Dom\'ain"', [1, '2', 3n]],
  ])('%s', (_, type, values) => check(type, values));
});

test('a cast from text that is a function of the user takes no part in it', async () => {
  await check('color', ['(7)', '(8)']);
  await check('box', ['(1,2),(3,4)', '(5,6),(7,8)']);
});

test.each<[string, unknown[]]>([
  ['citext', ['Ab', 'aB', '']],
  ['hstore', ['a=>1,"b c"=>NULL', '']],
  ['ltree', ['a.b.c', 'a..b']],
  ['cube', ['(1,2),(3,4)']],
])('the type of an extension, where the server has it, is as in drizzle: %s', async (type, values) => {
  const [available] = rowsOf(
    await sides.plain.execute(sql`select from pg_available_extensions where name = ${type}`),
  );
  if (!available) return;
  await sides.plain.execute(sql.raw(`create extension if not exists ${type}`));
  await check(type, values);
  await check(`${type}[]`, [`{${values[0] === 'Ab' ? 'Ab,NULL' : ''}}`]);
});

test.skipIf(!driver.ownTypes)(
  "a key of the caller's own comes back as the client reads it, where the client writes it otherwise",
  async () => {
    const type: PostgresType = {
      to: 2950,
      from: [2950],
      serialize: (key: string) => key.replace('user_', ''),
      parse: (key: string) => `user_${key}`,
    };
    const db = batchedDrizzle(database.client({ own: { types: { type } } }));
    const named = pgTable('named', { id: uuid().primaryKey() });
    await db.execute('create table named (id uuid primary key)');
    const ids = Array.from({ length: 2 }, () => `user_${randomUUID()}`);
    const returned = await Promise.all(
      ids.map((id) => db.insert(named).values({ id }).returning({ id: named.id })),
    );
    expect(returned).toEqual(ids.map((id) => [{ id }]));
  },
);
