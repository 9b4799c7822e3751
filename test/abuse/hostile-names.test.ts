import { sql } from 'drizzle-orm';
import { integer, pgSchema, serial, text } from 'drizzle-orm/pg-core';
import { beforeAll, expect, test } from 'vitest';
import { drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { expectSameRows, refusals } from '../support/same-rows.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

beforeAll(() => drizzle(database.client()).execute(sql`create table victim (n int)`));

const names = [
  ...[
    'quote "s"',
    "apostrophe's",
    'back\\slash',
    'dot.ted',
    'UPPER',
    'é😀中',
    '$1',
    '{a,b}',
    'tab\tnew\nline',
  ],
  ...['select', 'k0', '__proto__', '"; drop table victim; --', "'); drop table victim; --", 'é'.repeat(31)],
  'x'.repeat(63),
];

test.each(names)('schema, table, columns, enum and constraint may be called %j', async (name) => {
  const sides = sideBySide(database, {}, sql`select`);
  const second = `${name.slice(0, name.length < 30 ? undefined : -2)}2`;
  const [one, two, literal] = [sql.identifier(name), sql.identifier(second), name.replaceAll("'", "''")];
  for (const statement of [
    sql`create schema ${one}`,
    sql`create type ${one}.${one} as enum (${sql.raw(`'${literal}'`)}, 'other')`,
    sql`create table ${one}.${two} (n serial primary key, ${two} ${one}.${one},
      ${one} text constraint ${one} check (${one} <> 'bad'))`,
    sql`create table ${one}.child (${one} int generated always as identity, ${two} int references ${one}.${two})`,
  ])
    await sides.plain.execute(statement);
  const schema = pgSchema(name);
  const mood = schema.enum(name, [name, 'other']);
  const table = schema.table(second, { n: serial().primaryKey(), text: text(name), mood: mood(second) });
  const child = schema.table('child', {
    n: integer(name).generatedAlwaysAsIdentity(),
    parent: integer(second),
  });

  const rows = [{ text: name, mood: name }, { text: 'bad' }, { mood: 'nope' }, { mood: 'other' }, {}];
  const empty = sql`truncate ${table}, ${child} restart identity`;
  const [told = []] = await expectSameRows(sides, table, rows, { empty });
  expect(refusals(told)).toEqual(['ok', '23514', '22P02', 'ok', 'ok']);

  await sides.batched.transaction(async (tx) => {
    const parents = ['a', 'b', 'c'].map((each) => tx.insert(table).values({ text: each }));
    for (const parent of parents) tx.insert(child).values({ parent: parent.ref('n') });
  });
  const joined = rowsOf(
    await sides.plain.execute(
      sql`select p.${one} as parent from ${child} c join ${table} p on p.n = c.${two} order by c.${one}`,
    ),
  );
  expect(joined.map(({ parent }) => parent)).toEqual(['a', 'b', 'c']);
  expect(rowsOf(await sides.plain.execute(sql`select from victim`))).toHaveLength(0);
});
