/** The client's parser refuses a value that the server returned. The row is written. */
import { integer, jsonb, numeric, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import type { Client } from '../../src/postgres-js/internals.ts';
import { makeQuery } from '../../src/postgres-js/query.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.connect());
const lists = pgTable('lists', { id: serial().primaryKey(), j: jsonb().array(), amount: numeric() });
const others = pgTable('others', { id: serial().primaryKey(), s: text() });

beforeEach(async () => {
  await check.execute(`
    drop table if exists lists, others;
    create table lists (id serial primary key, j jsonb[], amount numeric);
    create table others (id serial primary key, s text)`);
});

/** postgres.js reads the NULL in it as JSON. */
const unreadable = { j: [{ a: 1 }, null] };
const amounts = {
  to: 1700,
  from: [1700],
  serialize: String,
  parse: (value: string) => {
    if (value.length > 9) throw new RangeError(`no such amount: ${value}`);
    return value;
  },
};

const inserts: Record<string, (by: Pick<PostgresJsDatabase, 'insert'>) => PromiseLike<unknown>[]> = {
  'a value, beside another table': (by) => [
    by.insert(lists).values(unreadable).returning(),
    by.insert(others).values({ s: 'b' }),
    by.insert(others).values({ s: 'c' }).returning(),
  ],
  'a value, beside rows of the same table': (by) => [
    by.insert(lists).values({ j: [] }).returning({ id: lists.id, j: lists.j }),
    by.insert(lists).values(unreadable).returning(),
    by
      .insert(lists)
      .values([{ j: [] }, { j: [] }])
      .returning({ id: lists.id }),
  ],
  'an amount, by a parser of the client': (by) => [
    by.insert(others).values({ s: 'a' }).returning(),
    by.insert(lists).values({ amount: '4111111111111111' }).returning(),
    by.insert(lists).values({ amount: '12.50' }).returning(),
  ],
  'a value, beside rows with a conflict clause': (by) => [
    by.insert(lists).values({ id: 1, j: [] }).onConflictDoNothing().returning(),
    by
      .insert(lists)
      .values({ id: 2, ...unreadable })
      .onConflictDoNothing()
      .returning(),
  ],
};

const outcomesOf = async (given: PromiseLike<unknown>[]) =>
  (await Promise.allSettled(given)).map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value;
    const error = outcome.reason as Error & { cause: Error };
    return [error.constructor.name, error.cause.name, error.cause.message];
  });

const open = (by: typeof batchedDrizzle | typeof drizzle) =>
  by(database.connect({ max: 1, types: { amounts } } as object)) as PostgresJsDatabase;

test.each(Object.keys(inserts))('%s: only its own caller is told, on the database', async (name) => {
  const insert = inserts[name] as (typeof inserts)[string];
  const written = async (by: PostgresJsDatabase) => {
    await check.execute('truncate lists, others restart identity');
    return [await outcomesOf(insert(by)), await check.$count(lists), await check.$count(others)];
  };
  const expected = await written(open(drizzle));
  expect(JSON.stringify(expected)).toMatch(/SyntaxError|RangeError/);
  expect(await written(open(batchedDrizzle))).toEqual(expected);
});

test.each([0, manyEntries])('in a transaction it fails, as in drizzle, beside %i others', async (count) => {
  const fails = async (by: PostgresJsDatabase) => {
    await check.execute('truncate lists, others restart identity');
    const over = by.transaction(async (tx) => {
      const rows = Array.from({ length: count }, () => tx.insert(lists).values({ j: [] }).returning());
      await outcomesOf([...rows, tx.insert(lists).values(unreadable).returning()]);
      await tx.insert(others).values({ s: 'behind' });
    });
    const error = await over.then(
      () => undefined,
      (reason: Error) => [reason.constructor.name, reason.message],
    );
    return [error, await check.$count(lists), await check.$count(others)];
  };
  const expected = await fails(open(drizzle));
  expect(expected.slice(1)).toEqual([0, 0]);
  expect(await fails(open(batchedDrizzle))).toEqual(expected);
});

test('a key that is refused is no value that a later reference could have', async () => {
  const role = `batched_drizzle_unreadable_${process.pid}`;
  // The key can't be taken ahead, so each row's comes back with it.
  await check.execute(`create table keyed (id int generated always as identity primary key, n int unique);
    create role ${role}; grant insert, select on keyed to ${role}`);
  onTestFinished(async () => void (await check.execute(`drop owned by ${role}; drop role ${role}`)));
  const keyed = pgTable('keyed', {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    n: integer().unique(),
  });
  const parse = (text: string) => {
    if (Number(text) <= manyEntries) throw new RangeError(`no such key: ${text}`);
    return Number(text);
  };
  const keys = { to: 23, from: [23], serialize: String, parse };
  const db = batchedDrizzle(database.connect({ max: 1, types: { keys }, connection: { role } } as object));
  await db.transaction(async (tx) => {
    const rows = Array.from({ length: manyEntries }, (_, row) => tx.insert(keyed).values({ n: 1000 + row }));
    for (const row of rows) row.ref('id');
    await tx.flush();
    expect(() => rows[0]?.ref('id')).toThrow(expect.objectContaining({ code: 'BAD_REFERENCE' }));
  });
  expect(await check.$count(keyed)).toBe(manyEntries);
});

test('cells are read as postgres.js reads them: each by the parser of its column, that of an array behind the first brace, then by `value.from`', async () => {
  const text = `select 1::int4 a, 2::int8 b, 'x' c, null d, '{1,NULL,3}'::int4[] e, '{{a,"b c"},{d,e}}'::text[] f,
    '{"a":[1]}'::jsonb g, '\\xff00'::bytea h, true i, timestamptz '2020-02-02 02:02:02+02' j, date '2020-02-02' k,
    '{}'::int4[] l, 1.50::numeric m, '1 day'::interval n, 'ü€'::text o, ''::text p, '{t,f}'::bool[] q`;
  for (const transform of [
    {},
    { value: { from: (value: unknown, { name }: { name: string }) => [name, value] } },
  ]) {
    const client = database.connect({ transform } as object) as unknown as Client;
    const statement = { text, params: [], guarded: true };
    const [cells, values] = await Promise.all(
      (['cells', 'values'] as const).map((answer) => makeQuery(client, { ...statement, answer }, false)),
    );
    expect([...(cells ?? [])]).toEqual([...(values ?? [])]);
  }
});
