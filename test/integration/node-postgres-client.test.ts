/** A client that is one connection, of which others use a part: `drizzle(client)`, and `drizzle(await pool.connect())`. */
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Client } from 'pg';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BatchedDatabase, batchedDrizzle } from '../../src/node-postgres.ts';
import { emptyTables } from '../support/counted.ts';
import { pgVersions } from '../support/pg-versions.ts';
import { addresses, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const clients: Client[] = [];

async function clientOf(module: typeof pg, url = database.url): Promise<Client> {
  const client = new module.Client({ connectionString: url });
  clients.push(client);
  await client.connect();
  return client;
}

beforeEach(async () => {
  await drizzle(await clientOf(pg)).execute(emptyTables());
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});

const names = async (db: NodePgDatabase) =>
  (await db.select().from(users).orderBy(users.id)).map(({ name }) => name);

describe.each(pgVersions)('on pg %s', (_, module) => {
  let client: Client;
  let db: BatchedDatabase & { $client: Client };
  let others: NodePgDatabase;

  beforeEach(async () => {
    client = await clientOf(module);
    db = batchedDrizzle(client);
    others = drizzle(await clientOf(pg));
  });

  test('a transaction of the user that was begun before is not committed', async () => {
    await client.query('begin');
    const inside = batchedDrizzle(client);
    await inside.transaction(async (tx) => {
      const user = tx.insert(users).values({ name: 'Ada' });
      tx.insert(addresses).values({ email: 'ada@example.com', userId: user.ref('id') });
    });
    expect(await names(inside)).toEqual(['Ada']);
    expect(await names(others)).toEqual([]);
    await client.query('rollback');
    expect(await names(others)).toEqual([]);
  });

  test('nor is it by inserts that are awaited together, nor by a flush', async () => {
    await client.query('begin');
    await Promise.all(['Ada', 'Bob'].map((name) => db.insert(users).values({ name })));
    db.insert(users).values({ name: 'Cyd' });
    await db.flush();
    expect(await names(others)).toEqual([]);
    await client.query('commit');
    expect(await names(others)).toEqual(['Ada', 'Bob', 'Cyd']);
  });

  test('a transaction that fails inside of it leaves it as it was', async () => {
    await client.query('begin');
    await db.insert(users).values({ name: 'Ada' });
    const failing = db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'Bob' });
      await tx.insert(users).values({ name: 'Ada' });
    });
    await expect(failing).rejects.toMatchObject({ cause: { code: '23505' } });
    expect(await names(db)).toEqual(['Ada']);
    await client.query('commit');
    expect(await names(others)).toEqual(['Ada']);
  });

  test('a failed insert of its batch fails it, as in plain drizzle', async () => {
    await db.insert(users).values({ name: 'taken' });
    await client.query('begin');
    const settled = await Promise.allSettled(
      ['Ada', 'taken', 'Bob'].map((name) => db.insert(users).values({ name })),
    );
    expect(settled.map((each) => (each.status === 'rejected' ? each.reason.cause.code : 'done'))).toEqual([
      'done',
      '23505',
      '25P02',
    ]);
    await client.query('rollback');
    expect(await names(others)).toEqual(['taken']);
  });

  test('two transactions at once take turns', async () => {
    const run = (name: string, fails: boolean) =>
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name });
        await tx.select().from(users);
        if (fails) throw new Error(name);
      });
    const settled = await Promise.allSettled([run('Ada', true), run('Bob', false), run('Cyd', true)]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(await names(others)).toEqual(['Bob']);
  });

  test('one that begins inside the callback of another does not wait for it', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'Ada' });
      await db.transaction(async (inner) => {
        await inner.insert(users).values({ name: 'Bob' });
      });
      await db
        .transaction(async (inner) => {
          await inner.insert(users).values({ name: 'Cyd' });
          throw new Error('back');
        })
        .catch(() => {});
      expect(await names(others)).toEqual([]);
    });
    expect(await names(others)).toEqual(['Ada', 'Bob']);
  });

  test('also if it is the first that the callback does, and if the program has only just begun its own', async () => {
    const failing = db.transaction(async (tx) => {
      await db.transaction((inner) => inner.insert(users).values({ name: 'inner' }));
      await tx.insert(users).values({ name: 'outer' });
      throw new Error('undo');
    });
    await expect(failing).rejects.toThrow('undo');
    expect(await names(others)).toEqual([]);
    const begun = client.query('begin');
    await db.transaction((tx) => tx.insert(users).values({ name: 'Ada' }));
    await begun;
    await client.query('rollback');
    expect(await names(others)).toEqual([]);
  });

  test('those inside of another take turns, too', async () => {
    const insert = (name: string) =>
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name });
        await tx.select().from(users);
        if (name === 'Bob') throw new Error('back');
      });
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'outer' });
      const settled = await Promise.allSettled(['Ada', 'Bob', 'Cyd'].map(insert));
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
    expect(await names(others)).toEqual(['outer', 'Ada', 'Cyd']);
  });

  test('an answer that takes too long is rolled back behind it, and what follows is written', async () => {
    const late = new module.Client({ connectionString: database.url, query_timeout: 200 });
    clients.push(late);
    await late.connect();
    const impatient = batchedDrizzle(late);
    const slow = impatient.transaction(async (tx) => {
      tx.insert(users).values({ name: 'undone' });
      await tx.execute(sql`select pg_sleep(0.3)`);
    });
    await expect(slow).rejects.toMatchObject({ cause: { message: 'Query read timeout' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await impatient.insert(users).values({ name: 'Ada' });
    expect(await names(others)).toEqual(['Ada']);
  });

  test('inserts of one turn are one round trip, and each is a transaction of its own', async () => {
    const relay = await database.relay({ delay: 5 });
    const relayed = batchedDrizzle(await clientOf(module, relay.url));
    await relayed.insert(users).values({ name: 'taken' });
    relay.reset();
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        relayed.insert(users).values({ name: index % 9 === 4 ? 'taken' : `free ${index}` }),
      ),
    );
    expect(relay.trips).toBe(1);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(await names(others)).toHaveLength(19);
  });

  test.each([1, 33])('one of %i rows is not overtaken by those behind it', async (rows) => {
    const named = Array.from({ length: rows }, (_, n) => ({ name: `user ${n}` }));
    await Promise.all(
      [named, [{ name: 'behind' }], [{ name: 'last' }]].map((each) => db.insert(users).values(each)),
    );
    expect(await names(others)).toEqual([...named.map(({ name }) => name), 'behind', 'last']);
  });

  test('nor is one that refers to another one', async () => {
    const user = db.insert(users).values({ name: 'Ada' });
    const referring = db.insert(addresses).values({ email: 'a', userId: user.ref('id') });
    const behind = db.insert(addresses).values({ email: 'b', userId: sql`(select max(id) from users)` });
    await Promise.all([user, referring, behind]);
    const found = await others.select().from(addresses).orderBy(addresses.id);
    expect(found.map(({ email }) => email)).toEqual(['a', 'b']);
  });

  test('on a client that was ended nothing has an unknown outcome, for nothing was sent', async () => {
    const fates = async (make: typeof drizzle) => {
      const ended = new module.Client({ connectionString: database.url });
      await ended.connect();
      const db = make(ended);
      await ended.end();
      const settled = await Promise.allSettled([
        db.insert(users).values({ name: 'Ada' }),
        Promise.all(['Bob', 'Cyd'].map((name) => db.insert(users).values({ name }))),
        db.transaction((tx) => tx.insert(users).values({ name: 'Dee' })),
        db.transaction((tx) => tx.select().from(users)),
      ]);
      return settled.map((each) => (each as PromiseRejectedResult).reason);
    };
    const plain = await fates(drizzle);
    const batched = await fates(batchedDrizzle as never);
    expect(batched.map(({ cause }) => cause.message)).toEqual(plain.map(({ cause }) => cause.message));
    expect(batched.map(({ batchCode }) => batchCode).slice(0, 2)).toEqual(['INSERT_FAILED', 'INSERT_FAILED']);
    expect(batched.slice(2).map(({ message }) => message)).toEqual(
      plain.slice(2).map(({ message }) => message),
    );
  });

  test('a client that is not connected yet can be wrapped', async () => {
    const late = new module.Client({ connectionString: database.url });
    clients.push(late);
    const wrapped = batchedDrizzle(late);
    await late.connect();
    await wrapped.transaction(async (tx) => {
      tx.insert(users).values({ name: 'Ada' });
    });
    expect(await names(others)).toEqual(['Ada']);
  });
});
