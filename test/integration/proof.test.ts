import type { Sql } from 'postgres';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { factsQuery, readFacts } from '../../src/facts/facts-query.ts';
import type { TableFacts } from '../../src/facts/table-facts.ts';
import { tableShapeNamed } from '../support/named-shape.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const role = `batched_drizzle_proof_${process.pid}`;

let sql: Sql;

beforeAll(async () => {
  const admin = database.connect();
  await admin.unsafe(`
    create function of_user(int) returns int language sql immutable as 'select $1';
    create function fires() returns trigger language plpgsql as 'begin return new; end'`);
});
beforeEach(() => {
  sql = database.connect({ max: 1 });
});

async function factsOf(client: Sql, ...names: string[]): Promise<(TableFacts | undefined)[]> {
  const { text, params } = factsQuery(names.map(tableShapeNamed));
  const [row] = await client.unsafe(text, params as string[]);
  return readFacts(Object.values(row ?? {})[0], names.length);
}

/** The facts of the table `t` after the DDL, all of which is undone. */
async function factsAfter(ddl: string, given = ''): Promise<TableFacts | undefined> {
  let facts: TableFacts | undefined;
  const undo = new Error('undo');
  await sql
    .begin(async (tx) => {
      await tx.unsafe(ddl);
      if (given) await tx.unsafe(given);
      [facts] = await factsOf(tx as unknown as Sql, '"t"');
      throw undo;
    })
    .catch((error) => {
      if (error !== undo) throw error;
    });
  return facts;
}

const partitioned = 'create table t (id serial, k int) partition by range (k)';
const firstPart = 'create table t1 partition of t for values from (0) to (10)';
const secured = (policy: string) =>
  `create table t (id int); alter table t enable row level security, force row level security;
  create role ${role}; alter table t owner to ${role}; create policy p on t ${policy}`;

describe('a table is not proved to be shareable', () => {
  test.each([
    ['a default by a function of the user', 'create table t (id int default of_user(1))'],
    ['a default by clock_timestamp()', 'create table t (at timestamptz default clock_timestamp())'],
    ['a default by set_config()', `create table t (a text default set_config('a.b', 'c', true))`],
    ['a default by currval()', `create sequence s; create table t (a int default currval('s'))`],
    [
      'a default by a function that runs queries',
      `create table t (a xml default table_to_xml('pg_class', true, false, ''))`,
    ],
    [
      'a default by nextval() of a name',
      `create sequence s; create table t (a int default nextval('s'::text::regclass))`,
    ],
    [
      'a generated column by a function of the user',
      'create table t (a int, b int generated always as (of_user(a)) stored)',
    ],
    ['a CHECK by a function of the user', 'create table t (a int check (of_user(a) > 0))'],
    [
      'a CHECK by an operator of the user',
      'create operator === (leftarg = int, function = of_user); create table t (a int check ((=== a) > 0))'.replace(
        'leftarg',
        'rightarg',
      ),
    ],
    ['a domain with such a CHECK', 'create domain d as int check (of_user(value) > 0); create table t (a d)'],
    [
      'a domain over such a domain',
      'create domain d as int check (of_user(value) > 0); create domain e as d; create table t (a e)',
    ],
    [
      'such a domain within an array of composites',
      'create domain d as int check (of_user(value) > 0); create type c as (x d); create table t (a c[])',
    ],
    ['a domain with such a default', 'create domain d as int default of_user(1); create table t (a d)'],
    [
      'a domain that draws from a sequence',
      `create sequence s; create domain d as int default nextval('s'); create table t (a d)`,
    ],
    ['an index of such an expression', 'create table t (a int); create index on t (of_user(a))'],
    ['an index with such a predicate', 'create table t (a int); create index on t (a) where of_user(a) > 1'],
    [
      'a partition key of such an expression',
      `create table t (k int) partition by range (of_user(k)); ${firstPart}`,
    ],
    [
      'a trigger on INSERT',
      'create table t (a int); create trigger g after insert on t execute function fires()',
    ],
    [
      'a trigger that is disabled, and may be enabled later',
      'create table t (a int); create trigger g after insert on t execute function fires(); alter table t disable trigger g',
    ],
    [
      'a trigger of a partition',
      `${partitioned}; ${firstPart}; create trigger g before insert on t1 for each row execute function fires()`,
    ],
    [
      'a CHECK of a partition',
      `${partitioned}; create table t1 partition of t (check (of_user(k) > 0)) for values from (0) to (10)`,
    ],
    ['a rule', 'create table t (a int); create rule r as on insert to t do also select 1'],
    ['a foreign key to itself', 'create table t (a int primary key, b int references t)'],
    [
      'a sequence that it shares with another table',
      `create table p (a serial); create table t (a int default nextval('p_a_seq'))`,
    ],
    [
      'a sequence that another table draws from, too',
      `create table t (a serial); create table p (a int default nextval('t_a_seq'))`,
    ],
    [
      'an identity that another table draws from, too',
      `create table t (a int generated by default as identity); create table p (a int default nextval('t_a_seq'))`,
    ],
    [
      'a sequence of two columns',
      `create sequence s; create table t (a int default nextval('s'), b int default nextval('s'))`,
    ],
    [
      'a sequence of its parent and of a table beside them',
      `create table p (id serial, k int) partition by range (k);
       create table t partition of p default; create table other (a int default nextval('p_id_seq'))`,
    ],
    [
      'a sequence of its parent for two columns',
      `create table p (id serial, k int, other int) partition by range (k);
       create table t partition of p default; alter table t alter other set default nextval('p_id_seq')`,
    ],
    ['a policy that reads tables', secured('using (exists (select from pg_class))')],
    ['a policy for INSERT by a function of the user', secured('for insert with check (of_user(id) > 0)')],
    ['a policy for SELECT by a function of the user', secured('for select using (of_user(id) > 0)')],
    ['a composite type in an expression', 'create type c as (x int); create table t (a c check ((a).x > 0))'],
    ['no rows of its own: a view', 'create table p (a int); create view t as select * from p'],
  ])('with %s', async (_, ddl) => {
    const facts = await factsAfter(ddl, ddl.includes('create policy') ? `set local role ${role}` : '');
    expect(facts?.plain).toBe(false);
  });

  test('as a partition whose parent has a key of such an expression', async () => {
    const ddl =
      'create table p (k int) partition by range (of_user(k)); create table t partition of p for values from (0) to (10)';
    expect((await factsAfter(ddl))?.plain).toBe(false);
  });
});

describe('a table is proved to be shareable', () => {
  test.each([
    ['serial and identity keys', 'create table t (a serial primary key, b int generated always as identity)'],
    [
      'uuid keys',
      'create table t (a uuid primary key default gen_random_uuid(), b text default gen_random_uuid())',
    ],
    [
      'times',
      `create table t (a timestamptz default now(), b date default current_date, c timestamp default (now() at time zone 'utc'), d text default to_char(now(), 'YYYY'))`,
    ],
    [
      'constants',
      `create table t (a text default '{SUBLINK :funcid 99999', b int default 1, c jsonb default '{}', d text[] default '{}', e bool default false)`,
    ],
    ['names that look like nodes', 'create table t ("{SUBLINK" int check ("{SUBLINK" > 0))'],
    ['arithmetic on its sequence', `create sequence s; create table t (a int default nextval('s') + 300)`],
    [
      'CHECKs of built-in functions and operators',
      `create table t (a int check (a > 0 and a in (1, 2) or a is null), b text check (length(b) > 2 and b ~ '^x'), c int[] check (cardinality(c) < 3))`,
    ],
    [
      'a generated column',
      `create table t (a text, b text generated always as (lower(coalesce(a, '')) || case a when 'x' then 'y' else 'z' end) stored)`,
    ],
    [
      'texts of the session',
      `create table t (a text default concat('a', current_user, current_setting('x.y', true)))`,
    ],
    ['a domain', 'create domain d as int default 3 check (value > 0); create table t (a d, b d[])'],
    ['an enum', `create type m as enum ('a', 'b'); create table t (a m default 'a' check (a <> 'b'))`],
    [
      'indexes of built-in expressions',
      'create table t (a text, b int); create unique index on t (lower(a)) where b is not null',
    ],
    [
      'a search vector',
      `create table t (a text, b tsvector generated always as (to_tsvector('english', a)) stored); create index on t using gin (b)`,
    ],
    ['an exclusion constraint', 'create table t (a int4range, exclude using gist (a with &&))'],
    ['partitions', `${partitioned}; ${firstPart}`],
    [
      'the sequence of its parent, which other partitions have, too',
      `create table p (id serial, k int) partition by range (k);
       create table t partition of p for values from (0) to (10);
       create table t2 partition of p for values from (10) to (20)`,
    ],
    [
      'a trigger on UPDATE',
      'create table t (a int); create trigger g before update on t for each row execute function fires()',
    ],
    [
      'a foreign key to another table',
      'create table p (a int primary key); create table t (a int references p)',
    ],
    ['policies of built-in functions', secured(`using (id > 0 and current_setting('x.y', true) is null)`)],
    [
      'a policy that does not apply to its role',
      'create table t (a int); alter table t enable row level security; create policy p on t using (of_user(a) > 0)',
    ],
  ])('with %s', async (_, ddl) => {
    const facts = await factsAfter(ddl, ddl.includes('owner to') ? `set local role ${role}` : '');
    expect(facts?.plain).toBe(true);
  });

  test('and a policy for UPDATE is only a doubt about conflict clauses that update', async () => {
    const facts = await factsAfter(secured('for update using (of_user(id) > 0)'), `set local role ${role}`);
    expect(facts).toMatchObject({ plain: true, updatable: false });
  });
});

describe('keys are known by the nodes of their default', () => {
  test.each([
    ['serial', 'id serial', 'sequence'],
    ['a text column', `id text default nextval('s')`, 'sequence'],
    ['a cast', `id int default nextval('s')::int`, 'sequence'],
    ['arithmetic', `id int default nextval('s') + 1`, null],
    ['gen_random_uuid()', 'id uuid default gen_random_uuid()', 'gen_random_uuid()'],
    ['gen_random_uuid() as text', 'id text default gen_random_uuid()', 'gen_random_uuid()'],
    ['part of one', `id text default 'x' || gen_random_uuid()`, null],
    ['now()', 'id timestamptz default now()', null],
  ])('%s', async (_, column, keys) => {
    const facts = await factsAfter(`create sequence s; create table t (${column})`);
    expect(facts?.columns.get('id')?.keys).toBe(keys);
  });
});

test('the facts of a locked table are read without waiting', async () => {
  await sql.unsafe(`create table locked (id serial, k int default 1 check (k > 0)) partition by range (k);
    create table locked_1 partition of locked for values from (0) to (10)`);
  const other = database.connect({ max: 1 });
  await other.begin(async (tx) => {
    await tx.unsafe('lock table locked, locked_1 in access exclusive mode');
    await sql.unsafe(`set lock_timeout = '100ms'`);
    const [facts] = await factsOf(sql, '"locked"');
    expect(facts?.plain).toBe(true);
  });
});

test('the question for 200 tables does not set off JIT', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `"many_${index}"`);
  await sql.unsafe(
    names.map((name) => `create table ${name} (id serial primary key, a text, b int)`).join(';'),
  );
  const { text, params } = factsQuery(names.map(tableShapeNamed));
  const [first] = await sql.unsafe(`explain ${text}`, params as string[]);
  const [, cost] = /cost=[\d.]+\.\.([\d.]+)/.exec(String(Object.values(first ?? {})[0])) ?? [];
  expect(Number(cost)).toBeLessThan(100_000);
  expect(await factsOf(sql, ...names)).toHaveLength(200);
});
