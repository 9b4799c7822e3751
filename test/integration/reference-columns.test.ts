/** References to columns whose values only the server can tell. */
import { sql } from 'drizzle-orm';
import {
  boolean,
  customType,
  integer,
  interval,
  jsonb,
  numeric,
  pgTable,
  point,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** A domain over jsonb. */
const jdoc = customType<{ data: object; driverData: string }>({
  dataType: () => 'jdoc',
  toDriver: (value) => JSON.stringify(value),
});
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Columns that each have a default of the server's, of various types. */
const made = () => ({
  word: text('word').default('of the schema alone'),
  flag: boolean('flag').default(false),
  price: numeric('price', { precision: 6, scale: 2 }).default('0'),
  count: integer('count').default(0),
  at: timestamp('at', { withTimezone: true }).defaultNow(),
  data: jsonb('data').default('of the schema alone'),
  list: jsonb('list').default([]),
  tags: text('tags').array().default([]),
  bytes: bytea('bytes').default(sql`''`),
  none: text('none').default('of the schema alone'),
  nothing: integer('nothing').default(0),
  span: interval('span').default('1 s'),
  place: point('place').default([0, 0]),
  document: jdoc('document').default({}),
});

const columns = Object.keys(made()) as (keyof ReturnType<typeof made>)[];

const parents = pgTable('parents', {
  id: serial('id').primaryKey(),
  name: text('name').unique(),
  /** A trigger makes it. */
  slug: text('slug'),
  /** drizzle leaves them out of every INSERT. */
  shout: text('shout').generatedAlwaysAs(sql`upper(name)`),
  length: integer('length').generatedAlwaysAs(sql`length(name)`),
  ...made(),
});
const children = pgTable('children', {
  id: serial('id').primaryKey(),
  parent: integer('parent'),
  slug: text('slug'),
  shout: text('shout'),
  length: integer('length'),
  ...made(),
});

const create = `
  create domain jdoc as jsonb;
  create table parents (id serial primary key, name text unique, slug text, shout text generated always as (upper(name)) stored,
    length int generated always as (length(name)) stored,
    word text default 'w' || floor(random() * 1000000), flag boolean default true, price numeric(6, 2) default 1.5,
    count integer default 7, at timestamptz default clock_timestamp(), data jsonb default '"a \\"b\\""',
    list jsonb default '[1, {"a": 12345678901234567890}]', tags text[] default '{a,"b c",NULL}',
    bytes bytea default '\\x00ff', none text default null, nothing int default null, span interval default '1 h',
    place point default '(1,2)', document jdoc default '{"a": [1, "b"]}');
  create table children (id serial primary key, parent int, slug text, shout text, length int, word text, flag boolean, price numeric(6, 2), count integer,
    at timestamptz, data jsonb, list jsonb, tags text[], bytes bytea, none text, nothing int, span interval, place point, document jdoc);
  create function slugged() returns trigger language plpgsql as $$ begin
    new.slug := lower(new.name) || '-' || coalesce(new.id, 0); return new;
  end $$;
  create trigger slugged before insert or update on parents for each row execute function slugged()`;

const check = drizzle(database.client());
let db: ReturnType<typeof batchedDrizzle>;

beforeAll(async () => {
  for (const statement of create.split(/;\n {2}(?=create)/)) await check.execute(sql.raw(statement));
  db = batchedDrizzle(database.client());
});
beforeEach(() => check.execute(sql`truncate parents, children restart identity`));

type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];
type Column = keyof ReturnType<typeof made> | 'slug' | 'shout' | 'length';

/** @returns how many children there are, and how many of them do not have what their parent has */
async function compare(column: Column): Promise<[children: number, different: number]> {
  const rows = rowsOf(
    await check.execute<{ all: number; different: number }>(
      sql.raw(`select count(*)::int as all, (count(*) filter (where p.id is null or p.${column}::text is distinct from c.${column}::text))::int
        as different from children c left join parents p on p.id = c.parent`),
    ),
  );
  return [rows[0]?.all ?? -1, rows[0]?.different ?? -1];
}

const pair = (tx: Transaction, name: string, column: Column) => {
  const parent = tx.insert(parents).values({ name });
  tx.insert(children).values({ parent: parent.ref('id'), [column]: parent.ref(column) });
};

const all = [...columns, 'slug', 'shout', 'length'] as const;

describe('a reference to a column that only the server makes stands for what the row has', () => {
  test.each(all)('in the same flight: %s', async (column) => {
    await db.transaction(async (tx) => pair(tx, 'Ada', column));
    expect(await compare(column)).toEqual([1, 0]);
  });

  test.each(all)('of each of many rows: %s', async (column) => {
    await db.transaction(async (tx) => {
      for (const name of times(manyEntries, (n) => `Name ${n}`)) pair(tx, name, column);
    });
    expect(await compare(column)).toEqual([manyEntries, 0]);
  });

  test.each(all)('of a row of several: %s', async (column) => {
    await db.transaction(async (tx) => {
      const parent = tx.insert(parents).values(times(3, (n) => ({ name: `Name ${n}` })));
      for (const row of [2, 0, 1])
        tx.insert(children).values({ parent: parent.ref('id', row), [column]: parent.ref(column, row) });
    });
    expect(await compare(column)).toEqual([3, 0]);
  });

  test.each(all)('of a row that was written before: %s', async (column) => {
    await db.transaction(async (tx) => {
      const parent = tx.insert(parents).values({ name: 'Ada' });
      const value = parent.ref(column);
      await tx.flush();
      tx.insert(children).values({ parent: parent.ref('id'), [column]: value });
      await tx.insert(children).values({ parent: parent.ref('id'), [column]: value });
    });
    expect(await compare(column)).toEqual([2, 0]);
  });

  test.each(all)('of a row whose caller asks for all of it: %s', async (column) => {
    await db.transaction(async (tx) => {
      const parent = tx.insert(parents).values({ name: 'Ada' });
      const value = parent.ref(column);
      await parent.returning();
      await tx.insert(children).values({ parent: parent.ref('id'), [column]: value });
    });
    expect(await compare(column)).toEqual([1, 0]);
  });

  test.each(all)('on the database: %s', async (column) => {
    const parent = db.insert(parents).values({ name: 'Ada' });
    await Promise.all([
      parent,
      db.insert(children).values({ parent: parent.ref('id'), [column]: parent.ref(column) }),
    ]);
    expect(await compare(column)).toEqual([1, 0]);
  });

  test('in where and set of later statements', async () => {
    await db.transaction(async (tx) => {
      const parent = tx.insert(parents).values({ name: 'Ada' });
      tx.insert(parents).values({ name: 'Bob', flag: false });
      const [slug, flag] = [parent.ref('slug'), parent.ref('flag')];
      const found = await tx
        .select({ name: parents.name })
        .from(parents)
        .where(sql`${parents.slug} = ${slug} and ${parents.flag} = ${flag}`);
      expect(found).toEqual([{ name: 'Ada' }]);
      await tx.insert(children).values({ parent: parent.ref('id') });
      await tx.update(children).set({ slug });
    });
    expect(await compare('slug')).toEqual([1, 0]);
  });

  test('also where one of several rows has NULL', async () => {
    await db.transaction(async (tx) => {
      const values = [sql`5`, sql`nullif(1, 1)`, sql`7`];
      const parent = tx.insert(parents).values(values.map((count, n) => ({ name: `Name ${n}`, count })));
      for (const row of values.keys())
        tx.insert(children).values({ parent: parent.ref('id', row), count: parent.ref('count', row) });
    });
    expect(await compare('count')).toEqual([3, 0]);
  });

  test('and of an sql value', async () => {
    await db.transaction(async (tx) => {
      const parent = tx
        .insert(parents)
        .values({ name: 'Ada', word: sql`upper('made ' || clock_timestamp())` });
      tx.insert(children).values({ parent: parent.ref('id'), word: parent.ref('word') });
    });
    expect(await compare('word')).toEqual([1, 0]);
  });
});

describe('a reference to a column of an upsert stands for what the update has left', () => {
  beforeEach(() => check.insert(parents).values({ id: 1000, name: 'Ada', word: 'old', count: 1 }));

  const upsert = (tx: Transaction, name = 'Ada') =>
    tx
      .insert(parents)
      .values({ id: 5, name, word: 'given', count: 2 })
      .onConflictDoUpdate({ target: parents.name, set: { count: sql`${parents.count} + 10` } });

  test.each(['word', 'count', 'slug', 'shout'] as const)('in the same flight: %s', async (column) => {
    await db.transaction(async (tx) => {
      const parent = upsert(tx);
      tx.insert(children).values({ parent: parent.ref('id'), [column]: parent.ref(column) });
    });
    expect(await compare(column)).toEqual([1, 0]);
    expect(await check.select({ parent: children.parent }).from(children)).toEqual([{ parent: 1000 }]);
  });

  test.each(['word', 'count'] as const)(
    'also if it was named before the clause was chained: %s',
    async (column) => {
      const earlier = (tx: Transaction) => {
        const owner = tx.insert(children).values({ word: 'of a child', count: 5 });
        const insert = tx
          .insert(parents)
          .values({ id: 5, name: 'Ada', word: owner.ref('word'), count: owner.ref('count') });
        const references = [insert.ref('id'), insert.ref(column)];
        insert.onConflictDoUpdate({ target: parents.name, set: { slug: 'set' } });
        return { insert, references };
      };
      for (const moment of [(tx: Transaction) => tx.flush(), async () => {}]) {
        await db.transaction(async (tx) => {
          const { references } = earlier(tx);
          await moment(tx);
          tx.insert(children).values({ parent: references[0], [column]: references[1] });
        });
      }
      await check.delete(children).where(sql`${children.parent} is null`);
      expect(await compare(column)).toEqual([2, 0]);
    },
  );

  test('also if its key is named when it is written', async () => {
    await db.transaction(async (tx) => {
      const parent = upsert(tx);
      await tx.flush();
      tx.insert(children).values({ parent: parent.ref('id') });
    });
    expect(await check.select({ parent: children.parent }).from(children)).toEqual([{ parent: 1000 }]);
  });

  test.each(['list', 'tags'] as const)('also of many upserts that give %s', async (column) => {
    const upsertEach = (tx: Pick<Transaction, 'insert'>, isReturned: boolean) =>
      times(manyEntries, (n) => {
        const insert = tx
          .insert(parents)
          .values({ name: n ? `Name ${n}` : 'Ada', list: [n], tags: ['given'] })
          .onConflictDoUpdate({ target: parents.name, set: { word: 'set' } });
        const child = tx.insert(children).values({ parent: insert.ref('id'), [column]: insert.ref(column) });
        return [isReturned ? insert.returning() : insert, child];
      }).flat();
    await db.transaction((tx) => Promise.all(upsertEach(tx, false)));
    await db.transaction((tx) => Promise.all(upsertEach(tx, true)));
    expect(await compare(column)).toEqual([2 * manyEntries, 0]);
  });

  test('also if nothing was in its way', async () => {
    await db.transaction(async (tx) => {
      const parent = upsert(tx, 'Bob');
      tx.insert(children).values({ parent: parent.ref('id'), word: parent.ref('word') });
    });
    expect(await compare('word')).toEqual([1, 0]);
    expect(await check.select({ parent: children.parent }).from(children)).toEqual([{ parent: 5 }]);
  });

  test('also of many upserts, on the database as in a transaction', async () => {
    const upsertEach = (tx: Pick<Transaction, 'insert'>) =>
      times(manyEntries, (n) => {
        const parent = tx
          .insert(parents)
          .values({ id: n + 1, name: `Name ${n % 4}`, count: n })
          .onConflictDoUpdate({ target: parents.name, set: { count: sql`excluded.count` } });
        return [parent, tx.insert(children).values({ parent: parent.ref('id'), slug: parent.ref('slug') })];
      }).flat();
    await db.transaction((tx) => Promise.all(upsertEach(tx)));
    await Promise.all(upsertEach(db));
    expect(await compare('slug')).toEqual([2 * manyEntries, 0]);
  });
});

describe('a reference to a generated column of a table that could share statements', () => {
  const squares = pgTable('squares', {
    id: serial('id').primaryKey(),
    n: integer('n').notNull(),
    square: integer('square').generatedAlwaysAs(sql`n * n`),
  });
  const copies = pgTable('copies', {
    id: serial('id').primaryKey(),
    n: integer('n'),
    square: integer('square'),
  });

  beforeAll(async () => {
    await check.execute(
      sql`create table squares (id serial primary key, n int not null, square int generated always as (n * n) stored)`,
    );
    await check.execute(sql`create table copies (id serial primary key, n int, square int)`);
  });
  beforeEach(() => check.execute(sql`truncate squares, copies`));

  type Inserter = Pick<Transaction, 'insert'>;
  const pairs = (on: Inserter, count: number) =>
    times(count, (n) => {
      const parent = on.insert(squares).values({ n });
      return [parent, on.insert(copies).values({ n, square: parent.ref('square') })];
    }).flat();
  const expectCopies = async (count: number) => {
    const found = await check.select().from(copies);
    expect(found).toHaveLength(count);
    for (const { n, square } of found) expect(square).toBe((n ?? 0) ** 2);
  };

  test.each([1, 3, manyEntries])('in a transaction of %i', async (count) => {
    await db.transaction((tx) => Promise.all(pairs(tx, count)));
    await expectCopies(count);
  });

  test.each([1, 3, manyEntries])('on the database, %i together', async (count) => {
    await Promise.all(pairs(db, count));
    await expectCopies(count);
  });

  test('of many rows of one insert', async () => {
    await db.transaction(async (tx) => {
      const parent = tx.insert(squares).values(times(250, (n) => ({ n })));
      for (let n = 0; n < 250; n++) tx.insert(copies).values({ n, square: parent.ref('square', n) });
    });
    await expectCopies(250);
  });

  test('from a nested transaction', async () => {
    await db.transaction(async (tx) => {
      const parents = times(manyEntries, (n) => ({ n, parent: tx.insert(squares).values({ n }) }));
      const values = parents.map(({ n, parent }) => ({ n, square: parent.ref('square') }));
      await tx.transaction((inner) => Promise.all(values.map((value) => inner.insert(copies).values(value))));
    });
    await expectCopies(manyEntries);
  });
});
