/** Transactions on PGlite, beside plain drizzle on the same instance. */
import type { Transaction as OwnTransaction, PGlite } from '@electric-sql/pglite';
import { eq, sql } from 'drizzle-orm';
import { boolean, integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { describe, expect, test } from 'vitest';
import type { BatchOptions } from '../../src/options.ts';
import { BatchedTransaction, batchedDrizzle } from '../../src/pglite.ts';
import { all, describeError, onBoth, outcomeOf, rowsOf, useInstance } from '../support/pglite.ts';

const users = pgTable('users', { id: serial().primaryKey(), name: text().notNull().unique() });
const posts = pgTable('posts', {
  id: serial().primaryKey(),
  userId: integer('user_id'),
  isDraft: boolean('is_draft'),
});

const instance = useInstance(
  `create table users (id serial primary key, name text not null unique);
   create table posts (id serial primary key, is_draft boolean,
     user_id int references users deferrable initially deferred)`,
);
const names = (length: number) => Array.from({ length }, (_, index) => ({ name: `user ${index}` }));

type Transaction = Parameters<Parameters<PgliteDatabase['transaction']>[0]>[0];

const add = (tx: Pick<PgliteDatabase, 'insert'>, name: string) =>
  tx.insert(users).values({ name }).returning({ name: users.name });

/** Leaves an insert to the end of its transaction. Plain drizzle would never write it, and writes it here at once. */
async function leave(tx: Transaction, insert: Promise<unknown>): Promise<void> {
  if (!(tx instanceof BatchedTransaction)) await insert.catch(() => {});
}

/** By the `rollback()` of the object that PGlite gives drizzle. */
const rollBack = (tx: Transaction) =>
  (tx as unknown as { session: { client: OwnTransaction } }).session.client.rollback();

/** PGlite can't write its value, and the server never sees it. */
const addUnsendable = (tx: Transaction) => tx.insert(posts).values({ isDraft: 'maybe' as never });

const inTransaction =
  (work: (tx: Transaction) => Promise<unknown>, config?: object) => (db: PgliteDatabase) =>
    db.transaction(work, config as never);

describe('a transaction fares as in plain drizzle', () => {
  test.each<[string, (db: PgliteDatabase) => Promise<unknown>]>([
    ['which does nothing', inTransaction(async () => 'nothing')],
    [
      'which awaits each statement',
      inTransaction(async (tx) => {
        const [user] = await add(tx, 'a');
        await tx
          .update(users)
          .set({ name: 'b' })
          .where(eq(users.name, user?.name ?? ''));
        await add(tx, 'c');
        return tx.select({ name: users.name }).from(users).orderBy(users.name);
      }),
    ],
    [
      'whose statements are issued together',
      inTransaction((tx) =>
        all([
          add(tx, 'a'),
          tx.update(users).set({ name: 'b' }).returning(),
          add(tx, 'c'),
          tx.select().from(users),
        ]),
      ),
    ],
    [
      'one of which fails',
      inTransaction((tx) => all([add(tx, 'a'), add(tx, 'a'), add(tx, 'b'), tx.execute(sql`select 1`)])),
    ],
    [
      'which swallows a failure',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        await add(tx, 'a').catch(() => {});
        return 'done';
      }),
    ],
    [
      'which swallows a failure, and its consequences',
      inTransaction(async (tx) => {
        await tx.execute(sql`select 1 / 0`).catch(() => {});
        return [
          await outcomeOf(async () => await add(tx, 'a')),
          await outcomeOf(async () => await add(tx, 'b')),
        ];
      }),
    ],
    [
      'which swallows the refusal of a value',
      inTransaction(async (tx) => {
        const bad = { userId: Symbol('bad') as never };
        await outcomeOf(async () => await tx.execute(sql`select ${{ toString: null }}::int`));
        await outcomeOf(async () => await tx.insert(posts).values(bad));
        return add(tx, 'a');
      }),
    ],
    [
      'which throws',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        throw new RangeError('enough');
      }),
    ],
    [
      'which calls rollback()',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        tx.rollback();
      }),
    ],
    [
      'whose COMMIT fails',
      inTransaction(async (tx) => {
        await tx.insert(posts).values({ userId: 99 });
      }),
    ],
    [
      'with an isolation level',
      inTransaction(
        async (tx) => {
          await add(tx, 'a');
          return (await tx.execute(sql`show transaction isolation level`)).rows;
        },
        { isolationLevel: 'serializable', accessMode: 'read write' },
      ),
    ],
    [
      'which may only read',
      inTransaction(
        async (tx) => {
          await add(tx, 'a');
        },
        { accessMode: 'read only' },
      ),
    ],
    ['with unknown modes', inTransaction(async () => 'nothing', { isolationLevel: 'none' })],
    ['with an empty config', inTransaction(async () => 'nothing', {})],
    [
      'with a nested one',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        await tx.transaction(async (inner) => {
          await add(inner, 'b');
          await inner.transaction(async (third) => {
            await add(third, 'c');
          });
        });
        return tx.select({ name: users.name }).from(users).orderBy(users.id);
      }),
    ],
    [
      'with a nested one that throws',
      inTransaction(async (tx) => {
        const failed = await outcomeOf(() =>
          tx.transaction(async (inner) => {
            await add(inner, 'b');
            throw new RangeError('inner');
          }),
        );
        return [failed, await tx.select({ name: users.name }).from(users)];
      }),
    ],
    [
      'with a nested one that fails',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        const failed = await outcomeOf(() =>
          tx.transaction(async (inner) => {
            await add(inner, 'a');
          }),
        );
        return [failed, await add(tx, 'b')];
      }),
    ],
    [
      'with a nested one that swallows a failure',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        const failed = await outcomeOf(() =>
          tx.transaction(async (inner) => {
            await add(inner, 'a').catch(() => {});
          }),
        );
        return [failed, await add(tx, 'b')];
      }),
    ],
    [
      'with a nested one that swallows the refusal of a value',
      inTransaction(async (tx) => {
        await tx.transaction(async (inner) => {
          await outcomeOf(async () => await addUnsendable(inner));
          await add(inner, 'a');
        });
        return add(tx, 'b');
      }),
    ],
    [
      'with a nested one that undoes a failure by a savepoint of its own',
      inTransaction(async (tx) => {
        await tx.transaction(async (inner) => {
          await add(inner, 'a');
          await inner.execute(sql`savepoint mine`);
          await add(inner, 'a').catch(() => {});
          await inner.execute(sql`rollback to mine`);
        });
        return add(tx, 'b');
      }),
    ],
    [
      'that undoes a failure by a savepoint of its own',
      inTransaction(async (tx) => {
        await add(tx, 'a');
        await tx.execute(sql`savepoint mine`);
        await add(tx, 'a').catch(() => {});
        await tx.execute(sql`rollback to mine`);
        return add(tx, 'b');
      }),
    ],
  ])('%s', async (_, work) => {
    const { plain, batched } = await onBoth(instance(), 'users, posts', async (db) => {
      const outcome = await outcomeOf(() => work(db));
      return { outcome, rows: await rowsOf(instance(), 'users') };
    });
    expect(batched.outcome).toEqual(plain.outcome);
    const ofTransaction = (text: string) =>
      /^(set transaction|savepoint sp|release savepoint sp|rollback)/.test(text);
    expect(batched.logged.filter(ofTransaction)).toEqual(plain.logged.filter(ofTransaction));
  });
});

describe('a transaction rejects as in plain drizzle with what COMMIT answers, and the failure is the cause of that', () => {
  test.each<[string, string, (tx: Transaction) => Promise<unknown>, BatchOptions?]>([
    [
      'if its callback swallows a failure',
      '22012',
      (tx) => outcomeOf(async () => await tx.execute(sql`select 1 / 0`)),
    ],
    [
      'if an insert fails that is left to its end',
      '23505',
      async (tx) => {
        for (const name of ['a', 'a', 'b']) await leave(tx, add(tx, name));
      },
    ],
    [
      'if one fails behind other work',
      '23505',
      async (tx) => {
        await add(tx, 'a');
        await leave(tx, add(tx, 'a'));
      },
    ],
    [
      'if one of many fails, which share a statement',
      '23505',
      async (tx) => {
        for (const { name } of [...names(60), { name: 'user 3' }]) await leave(tx, add(tx, name));
      },
    ],
    [
      'if one of many fails, which are copied',
      '23505',
      async (tx) => {
        for (const row of [...names(60), { name: 'user 3' }]) await leave(tx, tx.insert(users).values(row));
      },
      { copyRows: 10 },
    ],
    [
      'if one fails ahead of a statement whose refusal the callback swallows',
      '23505',
      async (tx) => {
        for (const name of ['a', 'a']) await leave(tx, add(tx, name));
        return outcomeOf(async () => await tx.select().from(users));
      },
    ],
    [
      'if one is left behind a failure that the callback swallows',
      '22012',
      async (tx) => {
        await outcomeOf(async () => await tx.execute(sql`select 1 / 0`));
        await leave(tx, add(tx, 'a'));
      },
    ],
  ])('%s', async (_, code, work, batch) => {
    const causes: unknown[] = [];
    const transaction = (db: PgliteDatabase) =>
      db.transaction(work).catch((error) => {
        causes.push(error.cause?.code);
        throw error;
      });
    const { plain, batched } = await onBoth(instance(), 'users, posts', transaction, batch);
    expect(plain.outcome).toMatchObject({ message: 'Transaction was rolled back instead of committed' });
    expect(batched.outcome).toEqual(plain.outcome);
    expect(causes).toEqual([undefined, code]);
    expect(await rowsOf(instance(), 'users')).toEqual([]);
  });
});

describe('an insert that nobody awaits rejects its transaction with its own error', () => {
  test.each<[string, object, (tx: Transaction) => Promise<unknown>]>([
    [
      'if PGlite refuses its value',
      { message: 'Invalid input for boolean type' },
      async (tx) => void addUnsendable(tx),
    ],
    [
      'if PGlite refuses its value ahead of a statement',
      { message: 'Invalid input for boolean type' },
      async (tx) => {
        addUnsendable(tx);
        await tx.select().from(users);
      },
    ],
    [
      'if the program has undone its failure by a savepoint of its own',
      { code: '23505' },
      async (tx) => {
        await tx.execute(sql`savepoint mine`);
        for (const name of ['a', 'a']) void add(tx, name);
        await outcomeOf(async () => await tx.select().from(users));
        await tx.execute(sql`rollback to mine`);
      },
    ],
  ])('%s', async (_, error, work) => {
    await instance().exec('truncate users, posts restart identity');
    const running = batchedDrizzle(instance()).transaction(async (tx) => {
      await add(tx as never, 'first');
      await work(tx as never);
    });
    await expect(running).rejects.toMatchObject(error);
    expect(await rowsOf(instance(), 'users')).toEqual([]);
  });

  test('and a nested one too, whose outer one goes on', async () => {
    await instance().exec('truncate users, posts restart identity');
    await batchedDrizzle(instance()).transaction(async (tx) => {
      const nested = tx.transaction(async (inner) => {
        addUnsendable(inner as never);
        await add(inner as never, 'a');
      });
      await expect(nested).rejects.toMatchObject({ message: 'Invalid input for boolean type' });
      await add(tx as never, 'b');
    });
    expect(await rowsOf(instance(), 'users')).toMatchObject([{ name: 'b' }]);
  });
});

test('nobody else gets into a transaction', async () => {
  await instance().exec('truncate users, posts restart identity');
  const db = batchedDrizzle(instance());
  const order: string[] = [];
  const first = db.transaction(async (tx) => {
    await add(tx, 'first');
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push('first');
    throw new Error('undone');
  });
  const second = db.transaction(async (tx) => {
    order.push('second');
    await add(tx, 'second');
  });
  const others = names(10).map((row) =>
    db
      .insert(users)
      .values(row)
      .then(() => order.push('insert')),
  );
  const query = instance()
    .query('select 1')
    .then(() => order.push('query'));
  await Promise.allSettled([first, second, query, ...others]);
  expect(order[0]).toBe('first');
  expect((await rowsOf(instance(), 'users')).length).toBe(11);
});

test.each([1, 12])(
  "behind the rollback() of PGlite's own transaction nothing is written: %i inserts",
  async (length) => {
    const { plain, batched } = await onBoth(instance(), 'users, posts', async (db) => {
      const told = await db.transaction(async (tx) => {
        await add(tx, 'before');
        await rollBack(tx);
        return all(names(length).map(({ name }) => add(tx, name)));
      });
      return { told, rows: await rowsOf(instance(), 'users') };
    });
    expect(batched.outcome).toEqual(plain.outcome);
  },
);

test('an insert that is not awaited is not written behind it, either', async () => {
  const client = instance();
  await client.exec('truncate users, posts restart identity');
  const ended = batchedDrizzle(client).transaction(async (tx) => {
    add(tx, 'not awaited');
    await rollBack(tx);
  });
  await expect(ended).rejects.toThrow('Transaction is closed');
  expect(await rowsOf(client, 'users')).toEqual([]);
});

describe('a transaction that the program has begun by a statement', () => {
  const within = async (
    client: PGlite,
    end: 'commit' | 'rollback',
    work: (db: PgliteDatabase) => Promise<unknown>,
  ) => {
    const sides = [];
    for (const db of [drizzle(client), batchedDrizzle(client)]) {
      await client.exec('truncate users, posts restart identity');
      await client.exec('begin');
      const outcome = await work(db);
      await client.exec(end);
      sides.push({ outcome, rows: await rowsOf(client, 'users') });
    }
    const [plain, batched] = sides;
    return { plain, batched };
  };

  test.each([3, 40])('is not committed by %i inserts of one turn', async (length) => {
    const { plain, batched } = await within(instance(), 'rollback', (db) =>
      all(names(length).map(({ name }) => add(db, name))),
    );
    expect(batched).toEqual(plain);
    expect(batched?.rows).toEqual([]);
  });

  test.each([3, 40])('has %i inserts of one turn', async (length) => {
    const { plain, batched } = await within(instance(), 'commit', (db) =>
      all(names(length).map(({ name }) => add(db, name))),
    );
    expect(batched).toEqual(plain);
    expect(batched?.rows).toHaveLength(length);
  });

  test('fails with the first of them that fails', async () => {
    const { plain, batched } = await within(instance(), 'commit', (db) =>
      all(['a', 'b', 'a', 'c', 'd'].map((name) => add(db, name))),
    );
    expect(batched).toEqual(plain);
    expect(batched?.rows).toEqual([]);
  });

  test('has one insert of many rows', async () => {
    const { plain, batched } = await within(instance(), 'rollback', (db) =>
      outcomeOf(async () => await db.insert(users).values(names(300)).returning()),
    );
    expect(batched).toEqual(plain);
  });

  test('is not committed by load()', async () => {
    const client = instance();
    await client.exec('truncate users, posts restart identity');
    await client.exec('begin');
    const loaded = await outcomeOf(async () => await batchedDrizzle(client).load(users, names(10)));
    expect(loaded).toMatchObject({ class: 'LoadError' });
    await client.exec('rollback');
    expect(await rowsOf(client, 'users')).toEqual([]);
  });
});

describe('the object of client.transaction() as the client', () => {
  const both = async (work: (db: PgliteDatabase) => Promise<unknown>) => {
    const sides = [];
    for (const make of [drizzle, batchedDrizzle]) {
      await instance().exec('truncate users, posts restart identity');
      const outcome = await outcomeOf(() => instance().transaction((tx) => work(make(tx as never))));
      sides.push({ outcome, rows: await rowsOf(instance(), 'users') });
    }
    const [plain, batched] = sides;
    return { plain, batched };
  };

  test.each<[string, (db: PgliteDatabase) => Promise<unknown>]>([
    ['takes inserts', (db) => all(names(40).map(({ name }) => add(db, name)))],
    ['takes one of many rows', async (db) => await db.insert(users).values(names(12_000))],
    ['fails with the first that fails', (db) => all(['a', 'a', 'b'].map((name) => add(db, name)))],
    [
      'is undone',
      async (db) => {
        await add(db, 'a');
        throw new RangeError('undone');
      },
    ],
    [
      'has no transactions',
      (db) =>
        db.transaction(async (tx) => {
          await add(tx, 'a');
        }),
    ],
    [
      'takes other statements',
      async (db) => {
        await Promise.all([add(db, 'a'), add(db, 'b')]);
        return [await db.select().from(users), await db.execute(sql`select ${1}::int as one`)];
      },
    ],
  ])('%s', async (_, work) => {
    const { plain, batched } = await both(work);
    expect(batched).toEqual(plain);
  });
});

test('a closed instance refuses inserts as plain drizzle does', { timeout: 120_000 }, async () => {
  const { PGlite } = await import('@electric-sql/pglite');
  const client = await PGlite.create();
  await client.close();
  const run = (db: PgliteDatabase) => outcomeOf(async () => await db.insert(users).values({ name: 'a' }));
  expect(await run(batchedDrizzle(client))).toEqual(await run(drizzle(client)));
  const [one] = await Promise.allSettled(
    names(2).map((row) => batchedDrizzle(client).insert(users).values(row)),
  );
  expect(describeError((one as PromiseRejectedResult).reason)).toMatchObject({
    cause: { message: 'PGlite is closed' },
  });
});
