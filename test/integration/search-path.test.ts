import { sql as drizzleSql } from 'drizzle-orm';
import { integer, pgTable, serial, text, uuid } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import type { Client, ClientOptions } from '../support/drivers/driver.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const parents = pgTable('parents', {
  id: serial('id').primaryKey(),
  name: text('name').unique(),
  count: integer('count').default(0),
});

const children = pgTable('children', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  parentId: integer('parent_id').references(() => parents.id),
  mood: text('mood').$type<'calm' | 'glad'>(),
});

const tokens = pgTable('vouchers', { id: uuid('id').primaryKey().defaultRandom(), name: text('name') });

/** What a transaction or the database writes: own, shared and copied rows, references and conflict clauses. */
async function writeAll(db: BatchedDatabase, name: string): Promise<void> {
  const few = async (scope: Pick<BatchedDatabase, 'insert'>, prefix: string, size: number) => {
    const names = Array.from({ length: size }, (_, index) => `${prefix}${index}`);
    const family = names.map((each, index) => {
      const parent = scope.insert(parents).values({ name: each }).returning();
      const child = scope
        .insert(children)
        .values({ parentId: index % 3 === 1 ? null : parent.ref('id'), mood: 'glad' });
      return [parent, child];
    });
    await Promise.all([
      ...family.flat(),
      ...names.map((each) => scope.insert(tokens).values({ name: each }).returning()),
    ]);
    await Promise.all(
      names.map((each) => scope.insert(parents).values({ name: each }).onConflictDoNothing().returning()),
    );
    await Promise.all(
      names.map((each) =>
        scope
          .insert(parents)
          .values({ name: each })
          .onConflictDoUpdate({ target: parents.name, set: { count: drizzleSql`excluded.count` } })
          .returning(),
      ),
    );
  };
  for (const size of [1, 2, 12]) {
    await db.transaction((tx) => few(tx, `${name} tx ${size} `, size));
    await few(db, `${name} db ${size} `, size);
  }
  const rows = Array.from({ length: 600 }, () => ({ mood: 'calm' as const }));
  await db.transaction(async (tx) => void (await tx.insert(children).values(rows)));
  await db.load(tokens, [{ name: 'a' }, { name: 'b' }]);
  await db.load(parents, [{ name: `${name} a` }, { name: `${name} b` }], { onConflict: 'nothing' });
}

const ways: [string, object | undefined][] = [
  ['as it is', undefined],
  ['with COPY of few rows', { copyRows: 10 }],
  [`with keys: 'client'`, { keys: 'client' }],
];

const connect = (): Sql => database.connect({ max: 1, fetch_types: false });
const clientOf = (options: ClientOptions): Client =>
  database.client({ max: 1, own: { fetch_types: false }, ...options });

describe('nothing in the search_path stands in for what our SQL names', () => {
  const texts: string[] = [];

  beforeAll(async () => {
    const admin = connect();
    await admin.unsafe(`
      create schema ahead; create sequence ahead.calls; grant usage on schema ahead to public;
      create type public.mood as enum ('calm', 'glad');
      create table public.parents (id serial primary key, name text unique, count int default 0);
      create table public.children (id int primary key generated always as identity,
        parent_id int references parents, mood mood);
      create table public.vouchers (id uuid primary key default gen_random_uuid(), name text)`);
    const debug = (_: number, query: string) => void texts.push(query);
    for (const [name, batch] of ways) {
      await writeAll(batchedDrizzle(clientOf({ debug }), { batch } as never), `before ${name}`);
    }
    await shadow(admin, texts);
  });

  test('the names are collected from the statements that were sent', () => {
    const names = namesIn(texts);
    for (const name of [
      'unnest',
      'set_config',
      'current_setting',
      'nextval',
      'generate_series',
      'to_regclass',
    ])
      expect(names).toContain(name);
  });

  test.each(ways)('%s', async (name, batch) => {
    const client = clientOf({ connection: { search_path: 'ahead, pg_catalog, public' } });
    const [before] = await driver.query(client, 'select ahead.nothing() as called');
    expect(before?.called).toBeNull();
    const calls = connect();
    const [{ last: first } = { last: null }] = await calls.unsafe(
      'select last_value as last from ahead.calls',
    );
    await writeAll(batchedDrizzle(client, { batch } as never), `after ${name}`);
    const called = await calls.unsafe('select distinct name from ahead.called');
    expect(called.map(({ name }) => name)).toEqual([]);
    const [{ last } = { last: null }] = await calls.unsafe('select last_value as last from ahead.calls');
    expect(last).toBe(first);
  });
});

/** The names of the functions that statements call. */
function namesIn(texts: readonly string[]): string[] {
  const names = texts.flatMap((each) =>
    [...each.matchAll(/([a-z_]\w*)\(/g)].map(([, name]) => name as string),
  );
  return [...new Set(names)];
}

/**
 * Puts functions and operators of the same names and arguments into the schema `ahead`. Each notes that it was called.
 *
 * A sequence counts, too, because what a function wrote is undone with its transaction.
 */
async function shadow(admin: Sql, texts: readonly string[]): Promise<void> {
  await admin.unsafe(`
    create table ahead.called (name text);
    create function ahead.nothing() returns int language sql as 'select null::int'`);
  const functions = await admin.unsafe(
    `select p.proname as name, pg_get_function_identity_arguments(p.oid) as args, pg_get_function_result(p.oid) as result
    from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind in ('f', 'a') and p.proname = any ($1)`,
    [`{${namesIn(texts).join()}}`],
  );
  const body = (name: string) =>
    `begin perform pg_catalog.nextval('ahead.calls'); insert into ahead.called values ('${name}');`;
  let made = 0;
  const create = async (ddl: string) => {
    // Some arguments, such as "any" and internal, are only for functions in C.
    await admin.unsafe(ddl).then(
      () => made++,
      () => {},
    );
  };
  for (const { name, args, result } of functions) {
    const returned = String(result).startsWith('SETOF') ? 'return' : 'return null';
    await create(
      `create function ahead."${name}"(${args}) returns ${result} language plpgsql volatile as $$ ${body(name)} ${returned}; end $$`,
    );
  }
  const operators = await admin.unsafe(
    `select o.oprname as name, format_type(o.oprleft, null) as left, format_type(o.oprright, null) as right,
      format_type(o.oprresult, null) as result, o.oid
    from pg_operator o where o.oprkind = 'b' and o.oprnamespace = 'pg_catalog'::regnamespace
      and o.oprname = any ('{=,<>,<,<=,>,>=,||,+,-,&,~,!~,~~}')
      and o.oprleft = any ('{text,name,int2,int4,int8,oid,bool,"char",uuid,interval,anyenum,anyarray,bpchar,varchar}'::regtype[])`,
  );
  for (const { name, left, right, result, oid } of operators) {
    await create(
      `create function ahead.op_${oid}(${left}, ${right}) returns ${result} language plpgsql volatile as $$ ${body(String(name))} return null; end $$;
      create operator ahead.${name} (leftarg = ${left}, rightarg = ${right}, function = ahead.op_${oid})`,
    );
  }
  expect(made).toBeGreaterThan(60);
}
