import { type SQL, sql } from 'drizzle-orm';
import { integer, type PgTable, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../support/drivers/chosen.ts';
import { expectSameRows, type Row, readTable, refusals } from '../support/same-rows.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const things = pgTable('things', { n: serial().primaryKey(), a: text(), b: integer() });
/** Rows that differ in their given columns, so that they need several statements. */
const rows: Row[] = [
  { a: 'x', b: 1 },
  { a: 'y' },
  { n: 50, a: 'z', b: 3 },
  { a: 'drop' },
  { a: 'u', b: 2 },
  { a: 'bad' },
  {},
  { b: 4 },
  { a: 'v' },
];
const ok = 'ok';
const allFine = rows.map(() => ok);

interface Options {
  readonly table?: PgTable;
  readonly empty?: SQL;
  readonly stored?: SQL;
}

/** Creates `things` by the SQL, and writes the rows on both sides. Returns drizzle's refusals. */
async function check(ddl: string, { table = things, ...options }: Options = {}): Promise<unknown[]> {
  const sides = sideBySide(database, {}, sql`select`);
  await sides.plain.execute(sql`drop schema public cascade; create schema public`);
  await sides.plain.execute(sql.raw(ddl));
  const [told = []] = await expectSameRows(sides, table, rows, options);
  return refusals(told);
}

const table = 'create table things (n serial primary key, a text, b int default 7);';
const audit = 'create table audit (k serial, n int, a text, seen bigint);';
const audited = {
  empty: sql`truncate things, audit restart identity`,
  stored: sql`select t::text as row from things t union all select audit::text from audit order by 1`,
};
const triggerFunction = (body: string) =>
  `create function f() returns trigger language plpgsql as $$ begin ${body} end $$;`;
const beforeEachRow = 'create trigger g before insert on things for each row execute function f();';
const withTrigger = (body: string) => table + triggerFunction(body) + beforeEachRow;
const withAudit = (body: string, trigger: string) =>
  table + audit + triggerFunction(`${body} return new;`) + trigger;

describe('a BEFORE trigger', () => {
  test('may change the values of a row', async () => {
    expect(await check(withTrigger('new.a = upper(new.a); new.b = new.b + 1; return new;'))).toEqual(allFine);
  });

  test('may drop rows', async () => {
    expect(await check(withTrigger(`if new.a = 'drop' then return null; end if; return new;`))).toEqual(
      allFine,
    );
  });

  test('may change the key', async () => {
    expect(await check(withTrigger('new.n = new.n * 100; return new;'))).toEqual(allFine);
    expect(await check(withTrigger('new.n = 1000 - new.n; return new;'))).toEqual(allFine);
    expect(await check(withTrigger(`new.n = nextval('things_n_seq'); return new;`))).toEqual(allFine);
  });

  test('may read currval, which keys taken ahead would change', async () => {
    const told = await check(withTrigger(`new.b = currval('things_n_seq'); return new;`));
    expect(told.slice(0, 2)).toEqual([ok, ok]);
  });

  test('may raise', async () => {
    const raises = `if new.a = 'bad' then raise exception 'no' using errcode = 'P1234'; end if; return new;`;
    expect(await check(withTrigger(raises))).toEqual(rows.map(({ a }) => (a === 'bad' ? 'P1234' : ok)));
  });

  test('that is disabled, or for replicas, does nothing', async () => {
    expect(await check(`${withTrigger('return null;')} alter table things disable trigger g`)).toEqual(
      allFine,
    );
    expect(await check(`${withTrigger('return null;')} alter table things enable replica trigger g`)).toEqual(
      allFine,
    );
  });

  test('of a partition counts for the whole table', async () => {
    const parts = `create table things (n serial, a text, b int default 7) partition by range (n);
      create table low partition of things for values from (1) to (3);
      create table high partition of things for values from (3) to (60);
      ${triggerFunction(`if new.a = 'drop' then return null; end if; new.b = 0; return new;`)}
      create trigger g before insert on high for each row execute function f()`;
    expect(await check(parts)).toEqual(allFine);
  });
});

describe('an AFTER trigger', () => {
  const note = 'insert into audit (n, a, seen) values (new.n, new.a, (select count(*) from things));';

  test('of each row sees the rows before it', async () => {
    const trigger = 'create trigger g after insert on things for each row execute function f()';
    expect(await check(withAudit(note, trigger), audited)).toEqual(allFine);
  });

  test('of each statement sees one statement for each insert', async () => {
    const trigger = 'create trigger g after insert on things for each statement execute function f()';
    expect(
      await check(
        withAudit('insert into audit (seen) values ((select count(*) from things));', trigger),
        audited,
      ),
    ).toEqual(allFine);
  });

  test('with a transition table sees the rows of its insert', async () => {
    const trigger =
      'create trigger g after insert on things referencing new table as fresh for each statement execute function f()';
    expect(
      await check(
        withAudit('insert into audit (seen) values ((select count(*) from fresh));', trigger),
        audited,
      ),
    ).toEqual(allFine);
  });

  test('that is deferred refuses at COMMIT', async () => {
    const raises = `if new.a = 'bad' then raise exception 'no' using errcode = 'P1234'; end if;`;
    const trigger =
      'create constraint trigger g after insert on things deferrable initially deferred for each row execute function f()';
    const told = await check(withAudit(raises, trigger), audited);
    expect(told).toHaveLength(rows.length);
  });
});

describe('a rule', () => {
  const rule = (what: string) => `${table}${audit} create rule r as on insert to things ${what}`;

  test('may write elsewhere also', async () => {
    const also = rule('do also insert into audit (n, a) values (new.n, new.a)');
    expect(await check(also, audited)).toEqual(allFine);
  });

  test('may write elsewhere instead', async () => {
    const instead = rule('do instead insert into audit (n, a) values (new.n, new.a) returning n, a, 5');
    expect(await check(instead, audited)).toEqual(allFine);
  });

  test('may write nothing, of all rows or some', async () => {
    expect(await check(rule('do instead nothing'))).toEqual(allFine);
    expect(await check(rule(`where new.a = 'drop' do instead nothing`))).toEqual(allFine);
  });

  test('that has no RETURNING refuses an insert that asks for it, and none that was written before it', async () => {
    const { plain, batched } = sideBySide(database, {}, sql`select`);
    await plain.execute(sql`drop schema public cascade; create schema public`);
    await plain.execute(sql.raw(rule(`where new.a = 'drop' do instead nothing`)));
    const heard: unknown[] = [];
    const transaction = batched.transaction(async (tx) => {
      const inserts = [
        tx.insert(things).values({ a: 'x' }),
        tx.insert(things).values({ a: 'y' }).returning(),
      ];
      await tx.flush().catch(() => {});
      for (const insert of inserts)
        heard.push(
          await insert.then(
            () => ok,
            (error) => error.cause.message,
          ),
        );
    });
    const refused = 'cannot perform INSERT RETURNING on relation "things"';
    await expect(transaction).rejects.toThrow();
    expect(heard).toEqual([ok, refused]);
  });
});

describe('a view', () => {
  const base = table.replace('things', 'base');
  const view = { empty: sql`truncate base restart identity`, stored: readTable(pgTable('base', {})) };

  test('that is simple is written through', async () => {
    expect(await check(`${base} create view things as select n, a, b from base`, view)).toEqual(allFine);
  });

  test('has defaults of its own', async () => {
    const own = `${base} create view things as select n, a, b from base; alter view things alter b set default 99`;
    expect(await check(own, view)).toEqual(allFine);
  });

  test('checks what it could not show', async () => {
    const checked = `${base} create view things as select n, a, b from base where a <> 'bad' with check option`;
    const told = await check(checked, view);
    expect(told).toEqual(rows.map(({ a }) => (a === 'bad' || a === undefined ? '44000' : ok)));
  });

  test('may have an INSTEAD OF trigger', async () => {
    const body = `if new.a = 'drop' then return null; end if;
      insert into base (a, b) values (upper(new.a), new.b) returning n into new.n; return new;`;
    const trigger = 'create trigger g instead of insert on things for each row execute function f()';
    const ddl = `${base} create view things as select n, a, b from base; ${triggerFunction(body)} ${trigger}`;
    expect(await check(ddl, view)).toEqual(allFine);
  });

  test('that is not simple is refused', async () => {
    const ddl = `${base} create view things as select n, a, count(*)::int as b from base group by 1, 2`;
    expect(await check(ddl, view)).toEqual(rows.map(() => '55000'));
  });
});

describe('a table that is', () => {
  test('partitioned takes each row where it belongs, and refuses what belongs nowhere', async () => {
    const parts = `create table things (n serial, a text, b int default 7, primary key (n)) partition by range (n);
      create table low partition of things for values from (1) to (4);
      create table high partition of things for values from (4) to (60)`;
    expect(await check(parts)).toEqual(allFine);
    const lists = `create table things (n serial, a text, b int default 7) partition by list (a);
      create table named partition of things for values in ('x', 'y', 'u');
      create table deep partition of things for values in ('z', 'bad') partition by range (b);
      create table part partition of deep for values from (0) to (5)`;
    const belongs = new Set<unknown>(['x', 'y', 'u', 'z']);
    expect(await check(lists)).toEqual(rows.map(({ a }) => (belongs.has(a) ? ok : '23514')));
  });

  test('inherited from has the columns of its parent', async () => {
    const ddl = `create table parent (n serial primary key, a text); create table things (b int default 7) inherits (parent)`;
    expect(await check(ddl, { empty: sql`truncate parent restart identity` })).toEqual(allFine);
  });

  test('unlogged is as any other', async () => {
    expect(await check(table.replace('table', 'unlogged table'))).toEqual(allFine);
  });

  test('of a composite type is as any other', async () => {
    const typed = pgTable('things', { n: integer(), a: text(), b: integer() });
    const ddl = `create type shape as (n int, a text, b int); create table things of shape (b with options default 7)`;
    expect(await check(ddl, { table: typed })).toEqual(allFine);
  });

  test('foreign, where the server has postgres_fdw, is written through', async () => {
    const { hostname, port, pathname, username, password } = new URL(database.url);
    const ddl = `create extension postgres_fdw;
      create server loop foreign data wrapper postgres_fdw
        options (host '${hostname}', port '${port}', dbname '${pathname.slice(1)}');
      create user mapping for current_user server loop options (user '${username}', password '${password}');
      create table base (n int, a text, b int);
      create foreign table things (n int default 5, a text, b int default 7) server loop options (table_name 'base')`;
    const sides = sideBySide(database);
    const [available] = rowsOf(
      await sides.plain.execute(sql`select from pg_available_extensions where name = 'postgres_fdw'`),
    );
    if (!available) return;
    expect(await check(ddl, { empty: sql`truncate base`, stored: readTable(pgTable('base', {})) })).toEqual(
      allFine,
    );
  });
});
