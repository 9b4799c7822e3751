import { sql } from 'drizzle-orm';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());
const db = batchedDrizzle(database.client());

const parents = pgTable('parents', { id: serial('id').primaryKey(), name: text('name') });

beforeEach(async () => {
  await check.execute(`
    drop table if exists children, parents, others cascade;
    create table parents (id serial primary key, name text);
    create table children (parent_id int references parents)`);
});

describe('a flush notices what others have changed since the facts were learned:', () => {
  beforeEach(async () => {
    await check.execute(`
      create or replace function counts() returns bigint language sql stable as 'select count(*) from parents';
      create or replace function fires() returns trigger language plpgsql as
        'begin new.name = new.name || (select count(*) from parents); return new; end'`);
  });

  test.each([
    ['a trigger', 'create trigger fires before insert on parents for each row execute function fires()'],
    ['a CHECK', 'alter table parents add constraint few check (counts() < 3)'],
    ['a default', 'alter table parents alter name set default counts()::text'],
    ['a rule', 'create rule quiet as on insert to parents where false do instead nothing'],
    [
      'an index',
      'create function plain(text) returns text language sql immutable return $1; create index on parents (plain(name))',
    ],
    ['a column', 'alter table parents add extra text'],
    ['the type of a column', 'alter table parents alter name type varchar'],
    ['another table on its sequence', `create table others (id int default nextval('parents_id_seq'))`],
    [
      'a trigger that fires on INSERT from now on',
      'create or replace trigger later before insert on parents for each row execute function fires()',
      'create trigger later before update on parents for each row execute function fires()',
    ],
  ])('%s', async (_, ddl, before = '') => {
    await check.execute(before);
    const asked: string[] = [];
    const client = database.client({ max: 1, debug: (_connection, query) => void asked.push(query) });
    const both = batchedDrizzle(client);
    const many = () =>
      both.transaction(async (tx) => {
        for (let index = 0; index < manyEntries; index++) tx.insert(parents).values({ name: 'many' });
      });
    const questions = () => asked.filter((query) => query.includes('json_object_agg')).length;
    await many();
    await many();
    expect(questions()).toBe(1);
    await check.execute('truncate parents cascade');
    await many();
    expect(questions()).toBe(1);
    await check.execute('truncate parents cascade');
    await check.execute(ddl);
    // The first of them notices, and goes by own statements rather than let COMMIT wait. The second asks anew.
    await many().catch(() => {});
    await many().catch(() => {});
    expect(questions()).toBe(2);
  });
});

test('a question for the facts of a locked table delays no insert into another one', async () => {
  await check.execute(
    `create table audits (id serial, name text); create table locked (id serial, name text default 'x')`,
  );
  const [audits, locked] = ['audits', 'locked'].map((name) =>
    pgTable(name, { id: serial('id').primaryKey(), name: text('name') }),
  ) as [typeof parents, typeof parents];
  let other: Promise<unknown> | undefined;
  await db.transaction(async (tx) => {
    await tx.execute(sql`lock table locked in access exclusive mode`);
    other = Promise.resolve(db.insert(locked).values({ name: 'waits' }));
    await db.insert(audits).values({ name: 'audit' });
  });
  await other;
  expect([await check.$count(locked), await check.$count(audits)]).toEqual([1, 1]);
});
