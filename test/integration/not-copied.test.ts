/** Rows that COPY can't write are written by INSERT, however many they are. */
import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { copiesOf, times } from '../support/copies.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** Each test creates this table in its own way. */
const things = pgTable('things', { id: serial().primaryKey(), name: text() });

let owner: PostgresJsDatabase;
let db: BatchedDatabase;
let sent: string[] = [];

const open = (options: object = {}): BatchedDatabase => {
  const logger = { logQuery: (statement: string) => void sent.push(statement) };
  return batchedDrizzle(database.client(options), { logger, batch: { copyRows: 3 } });
};

beforeAll(() => {
  owner = drizzle(database.client({ max: 1 }));
});
beforeEach(() => {
  db = open();
  sent = [];
});

const rows = times(5, (n) => ({ name: `name ${n}` }));

/** Expects that no statement was a COPY, and that so many were INSERTs. */
function expectInserts(count: number): void {
  expect(copiesOf(sent)).toEqual([]);
  expect(
    sent.filter((statement) => statement.startsWith('insert') || / insert into /.test(statement)),
  ).toHaveLength(count);
}

describe('rows are inserted', () => {
  beforeEach(() => owner.execute(emptyTables()));

  test('of which somebody wants a column that the client does not know', async () => {
    const given = await db.insert(users).values(rows).returning({ id: users.id, name: users.name });
    expect(given.map(({ name }) => ({ name }))).toEqual(rows);
    expectInserts(1);
  });

  test('of which one caller among others does', async () => {
    const given = await db.transaction((tx) =>
      Promise.all(
        rows.map((row, n) =>
          n === 3 ? tx.insert(users).values(row).returning() : tx.insert(users).values(row),
        ),
      ),
    );
    expect(given[3]).toMatchObject([rows[3] as object]);
    expectInserts(1);
    expect(await owner.$count(users)).toBe(5);
  });

  test('of which somebody wants an expression', async () => {
    const loud = await db
      .insert(users)
      .values(rows)
      .returning({ loud: sql`upper(${users.name})` });
    expect(loud).toEqual(times(5, (n) => ({ loud: `NAME ${n}` })));
    expectInserts(1);
  });

  test('with a conflict clause, which skips what is there', async () => {
    await owner.insert(users).values(rows.slice(0, 2));
    const given = await db.insert(users).values(rows).onConflictDoNothing().returning({ id: users.id });
    expect(given).toHaveLength(3);
    expectInserts(1);
  });

  test('where one among others has a conflict clause', async () => {
    await db.transaction(async (tx) => {
      for (const row of rows) tx.insert(users).values(row);
      tx.insert(users).values({ name: 'name 0' }).onConflictDoNothing();
    });
    expect(copiesOf(sent)).toEqual([]);
    expect(await owner.$count(users)).toBe(5);
  });

  test('of nothing but defaults, however many; with keys taken ahead they are copied', async () => {
    await db.insert(users).values(times(10_001, () => ({})));
    expectInserts(1);
    const given = await db
      .insert(users)
      .values(times(5, () => ({})))
      .returning({ id: users.id });
    expect(copiesOf(sent)).toEqual(['users']);
    expect(given).toEqual(times(5, (n) => ({ id: 10_002 + n })));
    expect(await owner.$count(users)).toBe(10_006);
  });

  test('with expressions among their values', async () => {
    await db.insert(users).values([...rows, { name: sql`upper('a')` }]);
    expectInserts(1);
    expect(await owner.$count(users)).toBe(6);
  });

  test('that give a key which is GENERATED ALWAYS: refused, or with OVERRIDING SYSTEM VALUE as given', async () => {
    const own = times(5, (n) => ({ id: 100 + n, email: `${n}` }));
    const error = await rejectionOf(db.insert(addresses).values(own as never));
    expect(codesOf(error)).toContain('428C9');
    expect(await owner.$count(addresses)).toBe(0);
    await db.insert(addresses).overridingSystemValue().values(own);
    expect(await owner.select().from(addresses)).toMatchObject(own);
    expectInserts(2);
  });

  test('where one among others gives such a key, and fails alone', async () => {
    const all = await Promise.allSettled(
      times(5, (n) =>
        db.insert(addresses).values((n === 2 ? { id: 9, email: '2' } : { email: `${n}` }) as never),
      ),
    );
    expect(all.map(({ status }) => status)).toEqual(times(5, (n) => (n === 2 ? 'rejected' : 'fulfilled')));
    expect(copiesOf(sent)).toEqual([]);
    expect(await owner.$count(addresses)).toBe(4);
  });
});

describe('rows are inserted, with what comes of it, into', () => {
  const made: Record<string, string> = {
    'a table with a trigger': `create table things (id serial primary key, name text);
      create function louder() returns trigger language plpgsql as 'begin new.name = upper(new.name); return new; end';
      create trigger louder before insert on things for each row execute function louder()`,
    'a table with a rule': `create table things (id serial primary key, name text); create table kept (name text);
      create rule keep as on insert to things do also insert into kept values (upper(new.name))`,
    'a view': `create table behind (id serial primary key, name text); create view things as select * from behind`,
    'a table with a default that names its last key': `create table things (id serial primary key, name text,
      again int default currval('things_id_seq'))`,
    'a partition with a trigger': `create function louder() returns trigger language plpgsql as 'begin new.name = upper(new.name); return new; end';
      create table things (id serial, name text) partition by range (id); create table part partition of things default;
      create trigger louder before insert on part for each row execute function louder()`,
  };

  test.each(Object.keys(made))('%s', async (name) => {
    await owner.execute(sql.raw(`drop schema public cascade; create schema public; ${made[name]}`));
    const read = async (by: PostgresJsDatabase) => {
      await owner.execute(
        sql.raw(name === 'a view' ? 'truncate behind restart identity' : 'truncate things restart identity'),
      );
      await Promise.all([by.insert(things).values(rows), by.insert(things).values(rows)]);
      // A rule draws keys anew.
      return {
        stored: rowsOf(await owner.execute(sql`select t::text as row from things t order by id`)),
        drawn: rowsOf(await owner.execute(sql`select last_value from pg_sequences`)),
      };
    };
    const expected = await read(owner);
    expect(expected.stored).toHaveLength(10);
    sent = [];
    expect(await read(db)).toEqual(expected);
    expectInserts(2);
  });
});

describe('a role that is subject to row-level security', () => {
  const role = `batched_drizzle_${randomBytes(6).toString('hex')}`;
  beforeAll(() => owner.execute(sql.raw(`create role ${role}`)));
  afterAll(() => owner.execute(sql.raw(`drop owned by ${role}; drop role ${role}`)));

  beforeEach(() =>
    owner.execute(
      sql.raw(`drop schema public cascade; create schema public; grant usage on schema public to ${role};
        create table things (id serial primary key, name text); grant all on things, things_id_seq to ${role};
        create policy small on things using (true) with check (name <> 'bad')`),
    ),
  );

  test.each([true, false])('inserts, and one that is not copies: %s', async (isSecured) => {
    if (isSecured) await owner.execute(sql`alter table things enable row level security`);
    const asRole = open({ connection: { role } });
    await asRole.insert(things).values(rows);
    expect(copiesOf(sent)).toEqual(isSecured ? [] : ['things']);
    const bad = asRole.insert(things).values([...rows, { name: 'bad' }]);
    const codes = isSecured ? codesOf(await rejectionOf(bad)) : await bad.then(() => []);
    expect(codes).toEqual(isSecured ? ['42501'] : []);
    expect(await owner.$count(things)).toBe(isSecured ? 5 : 11);
  });
});

describe('a table that may not be written', () => {
  const role = `batched_drizzle_${randomBytes(6).toString('hex')}`;
  const columns = pgTable('columns', { id: integer(), name: text(), note: text() });
  beforeAll(async () => {
    await owner.execute(
      sql.raw(`drop schema public cascade; create schema public; create role ${role}; create table columns (id int, name text, note text);
      grant usage on schema public to ${role}; grant insert (id, name) on columns to ${role}`),
    );
  });
  afterAll(() => owner.execute(sql.raw(`drop owned by ${role}; drop role ${role}`)));

  test('but for some of its columns is refused as in drizzle', async () => {
    const asRole = open({ connection: { role } });
    const error = await rejectionOf(asRole.insert(columns).values(rows));
    expect(codesOf(error)).toContain('42501');
    const some = pgTable('columns', { id: integer(), name: text() });
    await asRole.insert(some).values(rows);
    expect(copiesOf(sent)).toEqual(['columns']);
    expect(await owner.$count(some)).toBe(5);
  });
});
