/** Tables are locked before their facts are compared, where the role may. */
import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const owner = drizzle(database.client({ max: 1 }));
const role = `batched_drizzle_${randomBytes(6).toString('hex')}`;
const things = pgTable('things', { id: serial().primaryKey(), name: text(), other: text() });
const many = manyEntries;

let sent: string[] = [];
const locks = () => sent.filter((query) => query.startsWith('lock table'));
const questions = () => sent.filter((query) => query.includes('json_object_agg'));

beforeAll(() => owner.execute(sql.raw(`create role ${role}`)));
afterAll(() => owner.execute(sql.raw(`drop owned by ${role}; drop role ${role}`)));

async function asRole(privileges: string) {
  await owner.execute(
    sql.raw(`drop table if exists things; create table things (id serial primary key, name text, other text);
      revoke all on things from ${role}; grant usage on sequence things_id_seq to ${role}; grant ${privileges} on things to ${role}`),
  );
  sent = [];
  return batchedDrizzle(
    database.client({
      max: 1,
      connection: { role },
      debug: (_connection, query) => {
        sent.push(query);
      },
    }),
  );
}

const insertMany = (db: ReturnType<typeof batchedDrizzle>) =>
  db.transaction(async (tx) => {
    for (let index = 0; index < many; index++) tx.insert(things).values({ name: 'a', other: 'b' });
  });

beforeEach(() => {
  sent = [];
});

test('a role that may insert locks the table once in a transaction, and its INSERTs do not look at the columns', async () => {
  const db = await asRole('insert, select');
  await insertMany(db);
  sent = [];
  await db.transaction(async (tx) => {
    for (const _ of [1, 2]) {
      for (let index = 0; index < many; index++) tx.insert(things).values({ name: 'a', other: 'b' });
      await tx.flush();
    }
  });
  expect(locks()).toEqual(['lock table only "things" in row exclusive mode']);
  const inserts = sent.filter((query) => query.includes('insert into'));
  expect(inserts).toHaveLength(2);
  expect(inserts.filter((query) => query.includes('pg_attribute'))).toEqual([]);
  expect(await owner.$count(things)).toBe(3 * many);
});

test('a role that may insert some columns only can not lock the table: its INSERTs look at the columns', async () => {
  const db = await asRole('select, insert (id, name, other)');
  for (const _ of [1, 2]) await insertMany(db);
  expect(locks()).toEqual([]);
  const inserts = sent.filter((query) => query.includes('insert into'));
  expect(inserts.every((query) => query.includes('pg_attribute'))).toBe(true);
  expect(await owner.$count(things)).toBe(2 * many);
});

test.each([
  [
    'the privilege for the whole table',
    `revoke insert on things from ${role}; grant insert (id, name, other) on things to ${role}`,
  ],
  [
    'the table, which was made anew',
    `drop table things; create table things (id serial primary key, name text, other text);
      grant usage on sequence things_id_seq to ${role}; grant insert, select on things to ${role}`,
  ],
])('a flight that finds %s gone is undone and sent again', async (_, change) => {
  const db = await asRole('insert, select');
  await insertMany(db);
  await owner.execute(sql.raw(`truncate things; ${change}`));
  const before = questions().length;
  await db.transaction(async (tx) => {
    await tx.execute(sql`select 1`);
    await Promise.all(times(many, () => tx.insert(things).values({ name: 'a', other: 'b' })));
    await tx.execute(sql`select 2`);
  });
  expect(await owner.$count(things)).toBe(many);
  expect(questions().length).toBe(before + 1);
});

test('a flight notices row-level security that applies to its role from now on, and a privilege that does not', async () => {
  const db = await asRole('insert, select');
  await insertMany(db);
  await owner.execute(sql`alter table things enable row level security`);
  const before = questions().length;
  for (const _ of [1, 2]) {
    const error = await insertMany(db).catch((reason: unknown) => reason);
    expect(codesOf(error)).toContain('42501');
  }
  expect(questions().length).toBe(before + 1);
  await owner.execute(
    sql.raw(`alter table things disable row level security; revoke select on things from ${role}`),
  );
  for (const _ of [1, 2]) await insertMany(db);
  expect(questions().length).toBe(before + 2);
  expect(await owner.$count(things)).toBe(3 * many);
});

test('a table that is gone is told of by the insert, with the error of plain drizzle', async () => {
  const db = await asRole('insert, select');
  await insertMany(db);
  await owner.execute(sql`drop table things`);
  const insert = (to: typeof owner) =>
    to.transaction((tx) => Promise.all(times(many, () => tx.insert(things).values({ name: 'a' }))));
  const [plain, batched] = await Promise.all(
    [owner, db].map((to) => insert(to).catch((error: Error) => error)),
  );
  const told = ({ cause }: Error) => (cause as Error & { code: string }).code;
  expect(told(batched as Error)).toBe('42P01');
  expect(told(plain as Error)).toBe('42P01');
});
