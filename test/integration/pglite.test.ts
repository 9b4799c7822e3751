/** The database and its results on PGlite, beside plain drizzle on the same instance. */
import { PGlite } from '@electric-sql/pglite';
import { live } from '@electric-sql/pglite/live';
import { eq, is, sql } from 'drizzle-orm';
import { bigserial, boolean, integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import { PgliteDatabase, PgliteTransaction } from 'drizzle-orm/pglite';
import { describe, expect, test } from 'vitest';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../src/pglite.ts';
import { all, count, onBoth, rowsOf, useInstance } from '../support/pglite.ts';

const users = pgTable('users', {
  id: serial().primaryKey(),
  name: text().notNull().unique(),
  isAdmin: boolean('is_admin'),
  at: timestamp({ withTimezone: true }),
  data: jsonb(),
});
const posts = pgTable('posts', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  userId: integer('user_id').references(() => users.id),
  title: text(),
});

const instance = useInstance(
  `create table users (id serial primary key, name text not null unique, is_admin boolean,
     at timestamptz, data jsonb);
   create table posts (id bigserial primary key, user_id int references users, title text)`,
  { extensions: { live } },
);
const tables = 'users, posts';
const names = (length: number) => Array.from({ length }, (_, index) => ({ name: `user ${index}` }));

describe('the database', () => {
  test('of an instance that is closed has written the inserts that were awaited before', async () => {
    const closing = await PGlite.create();
    await closing.exec(
      'create table users (id serial, name text, is_admin boolean, at timestamptz, data jsonb)',
    );
    const inserts = names(10).map((name) => batchedDrizzle(closing).insert(users).values(name).execute());
    await Promise.all([closing.close(), ...inserts]);
  });

  test('is drizzle’s own, by every form of arguments', async () => {
    const client = instance();
    const forms = [
      batchedDrizzle(client),
      batchedDrizzle(client, { schema: { users }, batch: { maxRows: 5 } }),
      batchedDrizzle({ client, logger: false, batch: {} }),
    ];
    for (const db of forms) {
      expect(db).toBeInstanceOf(BatchedDatabase);
      expect(db).toBeInstanceOf(PgliteDatabase);
      expect(is(db, PgliteDatabase)).toBe(true);
      expect(db.$client).toBe(client);
    }
    await forms[0]?.transaction(async (tx) => {
      expect(tx).toBeInstanceOf(BatchedTransaction);
      expect(tx).toBeInstanceOf(PgliteTransaction);
    });
  });

  test('makes an instance as drizzle does', { timeout: 120_000 }, async () => {
    const made = [
      batchedDrizzle(),
      batchedDrizzle({ connection: { dataDir: 'memory://' }, batch: { maxRows: 2 } }),
    ];
    for (const { $client } of made) expect($client).toBeInstanceOf(PGlite);
    const [first] = made;
    expect((await first?.execute<{ one: number }>(sql`select 1 as one`))?.rows).toEqual([{ one: 1 }]);
    for (const { $client } of made) {
      await $client.waitReady;
      await $client.close();
    }
  });

  test('has a mock, and refuses unknown options', () => {
    expect(batchedDrizzle.mock().insert(users).values({ name: 'x' }).toSQL().sql).toContain('insert into');
    expect(() => batchedDrizzle(instance(), { batch: { maxRows: 0 } })).toThrow('maxRows');
  });
});

describe('results are those of plain drizzle', () => {
  test.each<[string, (db: PgliteDatabase) => Promise<unknown>]>([
    ['an insert', (db) => db.insert(users).values({ name: 'a' }).execute()],
    ['several rows', (db) => db.insert(users).values(names(3)).execute()],
    [
      'returning()',
      (db) =>
        db
          .insert(users)
          .values({ name: 'a', data: { a: [1] }, isAdmin: true })
          .returning(),
    ],
    ['execute() of an insert', (db) => db.execute(db.insert(users).values(names(2)))],
    ['execute() with returning', (db) => db.execute(db.insert(users).values(names(2)).returning())],
    [
      'execute() with keys',
      (db) => db.execute(db.insert(posts).values({ title: 'a' }).returning({ id: posts.id })),
    ],
    ['execute() of text', (db) => db.execute(sql`select 1::bigint as big, now() is null as "no"`)],
    [
      'expressions',
      (db) =>
        db
          .insert(users)
          .values({ name: sql`upper(${'x'})` })
          .returning({ up: sql`lower(name)` }),
    ],
    [
      'a conflict',
      (db) =>
        db
          .insert(users)
          .values([{ name: 'a' }, { name: 'a' }])
          .onConflictDoNothing()
          .returning(),
    ],
    [
      'an upsert',
      async (db) => {
        await db.insert(users).values({ name: 'a' });
        const set = { isAdmin: true };
        return db
          .insert(users)
          .values({ name: 'a' })
          .onConflictDoUpdate({ target: users.name, set })
          .returning();
      },
    ],
    ['$count', async (db) => [await db.insert(users).values(names(2)), await db.$count(users)]],
    [
      'a date',
      async (db) => {
        await db.insert(users).values({ name: 'a', at: new Date('2020-01-02T03:04:05.678Z') });
        return db.select().from(users);
      },
    ],
    ['inserts of one turn', (db) => all(names(40).map((row) => db.insert(users).values(row).returning()))],
    ['the same, without rows', (db) => all(names(40).map((row) => db.insert(users).values(row)))],
    [
      'the same, by execute()',
      (db) =>
        all(names(40).map((row) => db.execute(db.insert(users).values(row).returning({ id: users.id })))),
    ],
    [
      'those of a transaction',
      (db) =>
        db.transaction((tx) =>
          all(names(40).map((row) => tx.insert(users).values(row).returning({ id: users.id }))),
        ),
    ],
  ])('%s', async (_, work) => {
    const { plain, batched } = await onBoth(instance(), tables, work);
    expect(batched.outcome).toEqual(plain.outcome);
    expect(Object.keys(batched.outcome as object)).toEqual(Object.keys(plain.outcome as object));
  });
});

describe('errors are those of plain drizzle', () => {
  test.each<[string, (db: PgliteDatabase) => Promise<unknown>]>([
    [
      'a constraint',
      async (db) => {
        await db.insert(users).values({ name: 'a' });
        await db.insert(users).values({ name: 'a' });
      },
    ],
    [
      'one among several',
      (db) =>
        all(
          [1, 2, 3, 2, 4].map((n) =>
            db
              .insert(users)
              .values({ name: `n${n}` })
              .returning({ name: users.name }),
          ),
        ),
    ],
    [
      'one among many',
      (db) =>
        all(
          [...names(40), { name: 'user 7' }].map((row) =>
            db.insert(users).values(row).returning({ name: users.name }),
          ),
        ),
    ],
    [
      'a value that PGlite refuses',
      (db) =>
        db
          .insert(users)
          .values({ name: 'a', isAdmin: 'maybe' as never })
          .execute(),
    ],
    ['a parent that is missing', (db) => db.insert(posts).values({ userId: 77 }).execute()],
    [
      'no table',
      (db) =>
        db
          .insert(pgTable('nowhere', { id: serial() }))
          .values({})
          .execute(),
    ],
    ['a statement', (db) => db.execute(sql`select 1 / 0`).execute()],
  ])('%s', async (_, work) => {
    const { plain, batched } = await onBoth(instance(), tables, work);
    expect(batched.outcome).toEqual(plain.outcome);
  });

  test('and show nothing of other callers', async () => {
    const db = batchedDrizzle(instance());
    const [mine, others] = await Promise.allSettled([
      db.insert(users).values({ name: 'twin', data: { mine: 1 } }),
      db.insert(users).values({ name: 'twin', data: { others: 1 } }),
    ]);
    const failed = [mine, others].find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    const { query, params, cause } = failed.reason;
    expect(query).toContain('insert into "users"');
    expect(JSON.stringify([params, cause.params])).toMatch(/^[^}]*(mine|others)[^}]*\}[^}]*(mine|others)/);
    expect(JSON.stringify([params, cause.params])).not.toMatch(/mine.*others|others.*mine/);
    expect(cause).toMatchObject({ code: '23505', constraint: 'users_name_key', params });
  });
});

test('parents and children are written with the ids that they will have', async () => {
  const db = batchedDrizzle(instance());
  await instance().exec('truncate users, posts restart identity');
  await db.transaction(async (tx) => {
    for (const row of names(50)) {
      const user = tx.insert(users).values(row);
      for (const title of ['a', 'b']) tx.insert(posts).values({ title, userId: user.ref('id') });
    }
  });
  const wrong = await db
    .select({ name: users.name, n: sql<number>`count(*)::int` })
    .from(users)
    .leftJoin(posts, eq(posts.userId, users.id))
    .groupBy(users.name)
    .having(sql`count(*) <> 2`);
  expect(wrong).toEqual([]);
  expect(await count(db, 'posts')).toBe(100);
});

test('a turn of inserts shares statements', async () => {
  const { plain, batched } = await onBoth(instance(), tables, (db) =>
    Promise.all(names(200).map((row) => db.insert(users).values(row))),
  );
  expect(plain.logged).toHaveLength(200);
  expect(batched.logged.length).toBeLessThan(8);
});

test('many rows are copied', async () => {
  const { batched } = await onBoth(
    instance(),
    tables,
    (db) => db.transaction((tx) => all(names(30).map((row) => tx.insert(users).values(row)))),
    { copyRows: 10 },
  );
  expect(batched.logged.some((text) => text.startsWith('copy "users"'))).toBe(true);
  expect(await rowsOf(instance(), 'users')).toHaveLength(30);
});

test('a COPY that fails fails as an insert does', async () => {
  const work = (db: PgliteDatabase) =>
    db.transaction((tx) =>
      all([...names(30), { name: 'user 3' }].map((row) => tx.insert(users).values(row))),
    );
  const { batched } = await onBoth(instance(), tables, work, { copyRows: 10 });
  expect(JSON.stringify(batched.outcome)).toContain('rolled back instead of committed');
  expect(await rowsOf(instance(), 'users')).toEqual([]);
});

test('load() writes rows, and says which one is bad', async () => {
  const db = batchedDrizzle(instance());
  await instance().exec('truncate users, posts restart identity');
  const report = await db.load(users, names(2_500));
  expect(report).toMatchObject({ rows: 2_500, skipped: 0 });
  const bad: number[] = [];
  const rows = [{ name: 'new' }, { name: 'user 1' }, { name: 'newer' }];
  await db.load(users, rows, { onRowError: (_, index) => bad.push(index) });
  expect(bad).toEqual([1]);
  expect(await count(db, 'users')).toBe(2_502);
});

test('inserts that are awaited in a loop may be queued', async () => {
  const loop = (db: PgliteDatabase) =>
    db.transaction(async (tx) => {
      const ids: number[] = [];
      for (const row of names(60)) {
        const [user] = await tx.insert(users).values(row).returning({ id: users.id });
        ids.push(user?.id ?? 0);
      }
      return ids;
    });
  const { plain, batched } = await onBoth(instance(), tables, loop, { awaits: 'queued' });
  expect(batched.outcome).toEqual(plain.outcome);
  expect(await rowsOf(instance(), 'users')).toHaveLength(60);
});

test('live queries and notifications go on', async () => {
  const client = instance() as PGlite & { live: { query: typeof live extends never ? never : LiveQuery } };
  await client.exec('truncate users, posts restart identity');
  const seen: number[] = [];
  const query = await client.live.query('select count(*)::int as n from users', [], ({ rows }) => {
    seen.push(rows[0]?.n ?? -1);
  });
  const told: string[] = [];
  const stop = await client.listen('told', (payload) => told.push(payload));
  const db = batchedDrizzle(client as PGlite);
  await Promise.all(names(40).map((row) => db.insert(users).values(row)));
  await db.transaction(async (tx) => {
    tx.insert(users).values({ name: 'later' });
    await tx.execute(sql`select pg_notify('told', 'hello')`);
  });
  await expect.poll(() => seen.at(-1)).toBe(41);
  expect(told).toEqual(['hello']);
  await stop();
  await query.unsubscribe();
});

type LiveQuery = (
  text: string,
  params: unknown[],
  callback: (result: { rows: { n: number }[] }) => void,
) => Promise<{ unsubscribe(): Promise<void> }>;
