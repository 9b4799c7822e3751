/** A database of the client that `sql.begin()` or `sql.reserve()` has handed out: one connection, and a transaction of the program's. */
import { eq, sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { addresses, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
let client: Sql;
let check: ReturnType<typeof drizzle>;

beforeEach(async () => {
  client = database.connect({ max: 3 });
  check = drizzle(database.connect());
  await check.execute(emptyTables());
});

/** drizzle reads the options of its client, which such a client has not. */
const withOptions = (handedOut: object): Sql =>
  Object.assign(handedOut, { options: client.options }) as unknown as Sql;

/** Ways to a transaction that the program has begun. All undo it. */
const ways: Record<string, (work: (handedOut: Sql) => Promise<unknown>) => Promise<unknown>> = {
  'sql.begin()': (work) => {
    const undo = new Error('undo');
    return client
      .begin(async (handedOut) => {
        await work(withOptions(handedOut));
        throw undo;
      })
      .catch((error) => {
        if (error !== undo) throw error;
      });
  },
  'sql.reserve()': async (work) => {
    const handedOut = await client.reserve();
    await handedOut`begin`;
    try {
      await work(withOptions(handedOut));
    } finally {
      await handedOut`rollback`;
      handedOut.release();
    }
  },
  'postgres() with one connection': async (work) => {
    const single = database.connect({ max: 1 });
    await single`begin`;
    try {
      await work(single);
    } finally {
      await single`rollback`;
      await single.end();
    }
  },
};

type Program = (db: PostgresJsDatabase) => Promise<unknown>;

const named = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `user ${n}` }));

const writtenOr = (insert: Promise<unknown>) =>
  insert.then(
    () => 'written',
    ({ cause }) => cause.code,
  );

const programs: Record<string, Program> = {
  'one insert': (db) => db.insert(users).values({ name: 'Ada' }).returning({ name: users.name }),
  'two inserts together': (db) =>
    Promise.all(named(2).map((row) => db.insert(users).values(row).returning({ name: users.name }))),
  'fifty inserts together': (db) =>
    Promise.all(named(50).map((row) => db.insert(users).values(row).returning({ name: users.name }))),
  'inserts with expressions together': (db) =>
    Promise.all(
      named(3).map(({ name }) =>
        db.insert(users).values({ name: sql`${name} || current_setting('server_version_num')` }),
      ),
    ).then((all) => all.length),
  'inserts beside an update and a select': (db) =>
    Promise.all([
      db.insert(users).values({ name: 'Ada' }),
      db.update(users).set({ name: 'Grace' }).where(eq(users.name, 'nobody')),
      db.insert(users).values({ name: 'Mary' }),
      db.select({ one: sql<number>`1` }),
    ]).then((all) => all.length),
  'a failing insert beside others': (db) =>
    Promise.allSettled(
      [{ name: 'Ada' }, { name: sql`1 / 0` }, { name: 'Mary' }].map((row) => db.insert(users).values(row)),
    ).then((all) => all.map((each) => (each.status === 'rejected' ? each.reason.cause.code : 'written'))),
  'a row for each of thousands of names': (db) => writtenOr(db.insert(users).values(named(30_000))),
  'more values than the protocol takes': (db) => writtenOr(db.insert(users).values(named(66_000))),
};

/** What the program sees, what is in its transaction behind it, and what is left when that is undone. */
async function run(way: string, make: (handedOut: Sql) => PostgresJsDatabase, program: Program) {
  const seen: unknown[] = [];
  await ways[way]?.(async (handedOut) => {
    const [before] = await handedOut`select pg_current_xact_id()::text as id`;
    await handedOut`insert into users (name) values ('raw')`;
    seen.push(await program(make(handedOut)).catch((error) => String(error)));
    // A failed statement has failed the transaction.
    const [inside] =
      await handedOut`select pg_current_xact_id()::text as id, count(*)::int as rows from users`.catch(
        ({ code }) => [{ id: before?.id, rows: code }],
      );
    seen.push({ isSameTransaction: inside?.id === before?.id, rows: inside?.rows });
  });
  seen.push(await check.$count(users));
  return seen;
}

describe.each(Object.keys(ways))('on the client of %s', (way) => {
  test.each(Object.entries(programs))(
    '%s: as in drizzle, and gone with the transaction',
    async (_, program) => {
      const plain = await run(way, (handedOut) => drizzle(handedOut), program);
      expect(await run(way, (handedOut) => batchedDrizzle(handedOut), program)).toEqual(plain);
      expect(plain.slice(1)).toEqual([{ isSameTransaction: true, rows: expect.anything() }, 0]);
    },
  );

  test('a row that refers to another one is written in the transaction', async () => {
    await ways[way]?.(async (handedOut) => {
      const db = batchedDrizzle(handedOut);
      const parents = named(10).map((row) => db.insert(users).values(row));
      for (const parent of parents)
        db.insert(addresses).values({ email: 'a@example.com', userId: parent.ref('id') });
      await db.flush();
      const [found] =
        await handedOut`select count(*)::int as rows from users u join addresses a on a.user_id = u.id`;
      expect(found).toEqual({ rows: 10 });
    });
    expect(await check.$count(users)).toBe(0);
  });
});

describe.each(['sql.begin()', 'sql.reserve()'])('on the client of %s', (way) => {
  test('a transaction fails as in drizzle', async () => {
    const begin: Program = async (db) => db.transaction((tx) => tx.insert(users).values({ name: 'Ada' }));
    const plain = await run(way, (handedOut) => drizzle(handedOut), begin);
    expect(await run(way, (handedOut) => batchedDrizzle(handedOut), begin)).toEqual(plain);
    expect(plain[0]).toBe('TypeError: this.client.begin is not a function');
  });

  test('a transaction is refused if the program has put another method in the place of begin()', async () => {
    await ways[way]?.(async (handedOut) => {
      const db = batchedDrizzle(Object.assign(handedOut, { begin: () => {} }) as unknown as Sql);
      await expect(db.transaction(async () => {})).rejects.toMatchObject({ code: 'UNSUPPORTED_CLIENT' });
      await Promise.all(named(3).map((row) => db.insert(users).values(row)));
    });
    expect(await check.$count(users)).toBe(0);
  });
});
