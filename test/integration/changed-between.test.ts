import { eq, sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());

// One sequence numbers the rows of both tables, so that it shows their order. It is not proved that they may share.
const calls = (name: string) =>
  pgTable(name, {
    call: integer('call').generatedByDefaultAsIdentity(),
    note: text('note'),
  });
const [lefts, rights] = [calls('lefts'), calls('rights')];

beforeEach(async () => {
  await check.execute(`
    drop table if exists lefts, rights;
    drop sequence if exists calls;
    create sequence calls;
    create table lefts (call int not null default nextval('calls'), note text);
    create table rights (call int not null default nextval('calls'), note text);
    create or replace function notes() returns trigger language plpgsql as
      'begin return new; end';
    create trigger notes before insert on rights for each row execute function notes()`);
});

const changes = [
  [
    'a column is renamed and back',
    'alter table rights rename note to n; alter table rights rename n to note',
  ],
  ['a column is added', 'alter table rights add extra int default 1'],
  ['the type of a column is another', 'alter table rights alter note type varchar'],
  ['the trigger is dropped', 'drop trigger notes on rights'],
  [
    'the table is dropped and created again',
    `drop table rights; create table rights (note text, call int not null default nextval('calls'))`,
  ],
] as const;

describe('inserts of one turn on the database, of which sharing is not proved, keep the order of the calls', () => {
  test.each(changes)('among tables of which one has changed: %s', async (_, ddl) => {
    const { db, count } = await startCounted(database);
    const insertBoth = () =>
      [lefts, rights, lefts, rights, rights, lefts].map((table) =>
        db.insert(table).values({ note: 'at' }).returning({ call: table.call }),
      );
    await Promise.all(insertBoth());
    await check.execute(ddl);
    const { result, trips } = await count(() => Promise.all(insertBoth()));
    expect(result.map(([row]) => row?.call)).toEqual(sorted(result.map(([row]) => row?.call)));
    expect(await check.$count(lefts)).toBe(6);
    // The refused pipeline, the question for what has changed, and the pipeline again.
    expect(trips).toBe(3);
    expect((await count(() => Promise.all(insertBoth()))).trips).toBe(1);
  });

  test('in a table that has got a rule', async () => {
    const { db, count } = await startCounted(database);
    const insertMany = () =>
      Promise.all(Array.from({ length: 6 }, (_, index) => db.insert(lefts).values({ note: `${index}` })));
    await insertMany();
    await check.execute('truncate lefts');
    await check.execute(
      `create rule swallows as on insert to lefts where new.note = 'none' do instead nothing`,
    );
    expect((await count(insertMany)).trips).toBe(3);
    const notes = await check.select({ note: lefts.note }).from(lefts).orderBy(lefts.call);
    expect(notes.map(({ note }) => note)).toEqual(['0', '1', '2', '3', '4', '5']);
    // What the rule does is known from now on.
    expect((await count(insertMany)).trips).toBe(1);
    expect(await check.$count(lefts)).toBe(12);
  });

  test('and wait for no table that another session has locked', async () => {
    const db = batchedDrizzle(database.client());
    const insertBoth = () =>
      [lefts, rights, lefts].map((table) => db.insert(table).values({ note: 'at' }).returning());
    await Promise.all(insertBoth());
    let all: Promise<unknown> | undefined;
    await check.transaction(async (tx) => {
      await tx.execute('lock table rights in access exclusive mode');
      const [first, second, third] = insertBoth();
      all = Promise.all([first, second, third]);
      await Promise.all([first, third]);
      expect(await tx.$count(lefts)).toBe(4);
    });
    await all;
    expect(await check.$count(rights)).toBe(2);
  });

  test('behind an insert that is refused as a rule would refuse it, however often it is sent', async () => {
    await check.execute(`
      create or replace function refuses() returns trigger language plpgsql as
        'begin if new.note = ''refused'' then raise exception using errcode = ''0A000''; end if; return new; end';
      create trigger refuses after insert on lefts for each row execute function refuses()`);
    const db = batchedDrizzle(database.client());
    const [refused, ...others] = await Promise.allSettled([
      db.insert(lefts).values({ note: 'refused' }).returning(),
      // Several rows with expressions can't be guarded, so they stand between two pipelines. What does not
      // wait for them overtakes the second.
      db
        .insert(rights)
        .values([{ note: sql`pg_sleep(0.1)::text` }, { note: sql`'at'` }])
        .returning(),
      ...[lefts, rights, lefts].map((table) => db.insert(table).values({ note: 'at' }).returning()),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { cause: { code: '0A000' } } });
    const numbers = others.flatMap((settled) =>
      settled.status === 'fulfilled' ? settled.value.map(({ call }) => call) : [],
    );
    expect(numbers).toHaveLength(5);
    expect(numbers).toEqual(sorted(numbers));
  });
});

function sorted(calls: readonly (number | undefined)[]): (number | undefined)[] {
  return [...calls].sort((one, other) => (one ?? 0) - (other ?? 0));
}

describe('a prepared statement that the session knew, and whose plan no longer holds, fares as in drizzle', () => {
  type Db = Pick<PostgresJsDatabase, 'select' | 'transaction'>;
  const run = (db: Pick<Db, 'select'>, name: string) =>
    db
      .select()
      .from(lefts)
      .where(eq(lefts.note, sql.placeholder('note')))
      .prepare(name)
      .execute({ note: 'kept' });
  const inTransaction = (db: Db) =>
    db.transaction(async (tx) => {
      await tx.select().from(rights);
      return run(tx, 'in_transaction');
    });

  test.each([
    ['its columns have other types', 'alter table lefts alter call type bigint'],
    ['the session has forgotten it', 'deallocate all'],
  ])('when %s', async (_, ddl) => {
    await check.execute(`insert into lefts (note) values ('kept')`);
    const outcomes = async (make: typeof drizzle | typeof batchedDrizzle) => {
      await check.execute('alter table lefts alter call type int');
      const client = database.client({ max: 1 });
      const db = make(client) as Db;
      const seen: unknown[] = [];
      for (const work of [(on: Db) => run(on, 'on_database'), inTransaction]) {
        await work(db);
        await driver.query(client, ddl);
        for (let again = 0; again < 2; again++) {
          const [settled] = await Promise.allSettled([work(db)]);
          seen.push(settled?.status === 'fulfilled' ? settled.value : codesOf(settled?.reason));
        }
      }
      return seen;
    };
    const plain = await outcomes(drizzle);
    expect(await outcomes(batchedDrizzle)).toEqual(plain);
  });
});
