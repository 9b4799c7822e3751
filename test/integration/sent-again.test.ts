/**
 * A batch of the database that needs several flights or is sent again. Keys from an earlier attempt must not
 * be used.
 */
import { eq, sql } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf, unhandledDuring } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const parents = pgTable('parents', { id: serial('id').primaryKey(), name: text('name').unique() });
const stamped = pgTable('stamped', { id: serial('id').primaryKey(), name: text('name') });
// Without foreign keys, so that a wrong key is written rather than refused.
const children = pgTable('children', {
  id: serial('id').primaryKey(),
  parentId: integer('parent_id'),
  name: text('name'),
});
const makeParents = sql.raw('create table parents (id serial primary key, name text unique)');

const check = drizzle(database.client());
let db: BatchedDatabase;

beforeAll(async () => {
  await check.execute(makeParents);
  await check.execute(sql`create table stamped (id serial primary key, name text)`);
  await check.execute(sql`create function stamp() returns trigger language plpgsql as $$
    begin new.id := nextval('stamped_id_seq'); return new; end $$`);
  await check.execute(
    sql`create trigger stamp before insert on stamped for each row execute function stamp()`,
  );
  await check.execute(
    sql`create table children (id serial primary key, parent_id int, name text check (name <> 'refused'))`,
  );
});
beforeEach(async () => {
  await check.execute(sql`truncate parents, stamped, children restart identity`);
  db = batchedDrizzle(database.client());
});

/**
 * Recreates the table as soon as a batch has taken keys from its sequence. That attempt of the batch is
 * refused.
 */
class Remaker extends Cache {
  #remade: Promise<void> | undefined;

  strategy(): 'explicit' {
    return 'explicit';
  }
  async get(): Promise<undefined> {}
  async put(): Promise<void> {}
  async onMutate(): Promise<void> {
    this.#remade ??= this.#remake();
    await this.#remade;
  }

  async #remake(): Promise<void> {
    const isTaken = async () =>
      rowsOf(await check.execute(sql`select from parents_id_seq where last_value > 100`));
    for (let left = 1_000; left > 0 && (await isTaken()).length === 0; left--);
    await check.transaction(async (tx) => {
      await tx.execute(sql`drop table parents`);
      await tx.execute(makeParents);
    });
  }
}

const statusOf = (settled: readonly PromiseSettledResult<unknown>[]) => settled.map(({ status }) => status);

test('what is written before an insert whose parent was skipped commits', async () => {
  await check.insert(parents).values({ name: 'there' });
  const parent = db.insert(parents).values({ name: 'there' }).onConflictDoNothing();
  const settled = await Promise.allSettled([
    db.insert(children).values({ name: 'written' }),
    parent,
    db.insert(children).values({ parentId: parent.ref('id') }),
  ]);
  expect(statusOf(settled)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect((await check.select().from(children)).map(({ name }) => name)).toEqual(['written']);
});

test('parents whose keys only the answer tells take one flight, however many they are, and their children another', async () => {
  const { db, count } = await startCounted(database);
  const write = (names: readonly string[]) =>
    db.transaction(async (tx) => {
      for (const name of names) {
        const parent = tx.insert(parents).values({ name }).onConflictDoNothing();
        tx.insert(children).values({ name, parentId: parent.ref('id') });
      }
    });
  // So many that they share statements. The first flush asks for facts, which are known from then on.
  const many = Array.from({ length: manyEntries }, (_, index) => `${index}`);
  await write(many.map((name) => `to be known ${name}`));
  const { trips } = await count(() => write(many));
  expect(trips).toBe(2);
  const joined = await check.select().from(children).innerJoin(parents, eq(parents.id, children.parentId));
  expect(joined.map((row) => row.children.name)).toEqual(joined.map((row) => row.parents.name));
  expect(joined).toHaveLength(2 * many.length);
});

describe('a key that was told before the batch rolled back is not given to children', () => {
  test.each([
    [
      'of an upsert',
      () =>
        db
          .insert(parents)
          .values({ name: 'a' })
          .onConflictDoUpdate({ target: parents.name, set: { name: 'a' } }),
      parents,
    ],
    ['of a table with a trigger', () => db.insert(stamped).values({ name: 'a' }), stamped],
  ])('%s', async (_, makeParent, table) => {
    const parent = makeParent();
    const settled = await Promise.allSettled([
      parent,
      db.insert(children).values({ name: 'child', parentId: parent.ref('id') }),
      db.insert(children).values({ name: 'refused' }),
    ]);
    expect(statusOf(settled)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const [stored] = await check.select().from(table);
    expect(await check.select().from(children)).toMatchObject([{ name: 'child', parentId: stored?.id }]);
  });
});

test('keys of a table that is made anew before the batch is sent again are not those of the new one', async () => {
  await db.insert(parents).values({ name: 'to be known' });
  await check.execute(sql`select setval('parents_id_seq', 100)`);
  const watched = batchedDrizzle(database.client(), { cache: new Remaker() });
  const inserts = ['a', 'b'].map((name) => watched.insert(parents).values({ name }).returning());
  const settled = await Promise.allSettled([
    ...inserts,
    watched.insert(children).values({ name: 'refused' }),
  ]);
  expect(statusOf(settled)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  const stored = await check.select().from(parents).orderBy(parents.id);
  expect(stored.every(({ id }) => id < 100)).toBe(true);
  // The sequence still matches its table.
  await check.insert(parents).values(Array.from({ length: 10 }, (_, index) => ({ name: `later ${index}` })));
});

test('a logger that throws rejects the inserts of a batch and leaves nothing hanging', async () => {
  let isThrowing = false;
  const logger = {
    logQuery: () => {
      if (isThrowing) throw new Error('the log is full');
    },
  };
  const client = database.client({ max: 1 });
  const logged = batchedDrizzle(client, { logger });
  await logged.insert(parents).values({ name: 'to be known' });
  isThrowing = true;
  const unhandled = await unhandledDuring(async () => {
    const settled = await Promise.allSettled(
      ['a', 'b'].map((name) => logged.insert(parents).values({ name })),
    );
    expect(statusOf(settled)).toEqual(['rejected', 'rejected']);
  });
  expect(unhandled).toEqual([]);
  expect(await driver.query(client, 'select name from parents')).toEqual([{ name: 'to be known' }]);
});

describe('flush() on the database', () => {
  test("does not tell of an awaited insert's failure that took an unawaited parent along", async () => {
    const parent = db.insert(parents).values({ name: 'unawaited' });
    await rejectionOf(db.insert(children).values({ name: 'refused', parentId: parent.ref('id') }));
    expect(await check.$count(parents)).toBe(1);
    await db.flush();
  });

  test('does not show the insert that a reference names', async () => {
    await check.insert(parents).values({ name: 'secret' });
    const parent = db.insert(parents).values({ name: 'secret' });
    const key = parent.ref('id');
    await rejectionOf(parent);
    db.insert(children).values({ parentId: key });
    const error = await rejectionOf(db.flush());
    expect(error).toMatchObject({ failures: [{ table: '"children"', rows: 1, code: 'BAD_REFERENCE' }] });
    expect((error.cause as Error).cause).toBeUndefined();
  });

  test("does not spell out what another caller's mapping says", async () => {
    const moments = pgTable('moments', { at: integer('at') });
    const { at } = moments;
    at.mapToDriverValue = (value) => {
      throw new Error(`${value} is no moment`);
    };
    db.insert(moments).values([{ at: 4711 }, { at: 4712 }]);
    const error = await rejectionOf(db.flush());
    expect(error).toBeInstanceOf(FlushError);
    expect(error).toMatchObject({ failures: [{ table: '"moments"', rows: 2 }] });
    expect(`${error.message} ${(error.cause as Error).message}`).not.toContain('4711');
  });
});
