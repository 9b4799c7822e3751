/** What the program does, step by step. Each step resolves to what can be written as JSON and is the same in every run. */
import type { BatchedDatabase } from 'batched-drizzle';
import { asc, count, eq, like, lte, sql } from 'drizzle-orm';
import { outcomeOf } from './outcome.ts';
import type { Tables } from './tables.ts';
import { traced } from './traced.ts';

export type Database = BatchedDatabase<Record<string, never>>;

export type Step = (db: Database, tables: Tables) => Promise<unknown>;

const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);

export const steps: Readonly<Record<string, Step>> = {
  'an insert by itself': (db, { users }) => db.insert(users).values({ name: 'Ada' }).returning(),

  'a transaction that only queues, with references': async (db, { users, posts }) => {
    await db.transaction(async (tx) => {
      for (const name of ['Grace', 'Mary']) {
        const user = tx.insert(users).values({ name });
        for (const nr of [1, 2]) tx.insert(posts).values({ title: `${name} ${nr}`, userId: user.ref('id') });
      }
    });
    return db
      .select({ title: posts.title, name: users.name })
      .from(posts)
      .innerJoin(users, eq(users.id, posts.userId))
      .orderBy(asc(posts.id));
  },

  'children behind a parent that is awaited': (db, { users, posts }) =>
    db.transaction(async (tx) => {
      const [user] = await tx.insert(users).values({ name: 'Barbara' }).returning();
      if (!user) throw new Error('the parent has no row');
      const titles = ['first', 'second'];
      return Promise.all(
        titles.map((title) => tx.insert(posts).values({ title, userId: user.id }).returning()),
      );
    }),

  'inserts of one turn on the database': (db, { users }) =>
    Promise.all(
      numbers(20).map((nr) =>
        db
          .insert(users)
          .values({ name: `turn ${nr}` })
          .returning(),
      ),
    ),

  'inserts that are awaited one after another': (db, { users }) =>
    db.transaction(async (tx) => {
      const rows: unknown[] = [];
      for (const nr of numbers(5))
        rows.push(
          ...(await tx
            .insert(users)
            .values({ name: `loop ${nr}` })
            .returning()),
        );
      return rows;
    }),

  'a graph of 300 rows': (db, { users, posts }) =>
    db.transaction(async (tx) => {
      const inserts = numbers(100).flatMap((nr) => {
        const user = tx.insert(users).values({ name: `graph ${nr}` });
        const titles = [`graph ${nr} a`, `graph ${nr} b`];
        return titles.map((title) =>
          tx
            .insert(posts)
            .values({ title, userId: user.ref('id') })
            .returning(),
        );
      });
      return (await Promise.all(inserts)).flat();
    }),

  'a select, an update and a delete behind queued inserts': (db, { users }) =>
    db.transaction(async (tx) => {
      for (const nr of numbers(3)) tx.insert(users).values({ name: `seen ${nr}` });
      const seen = await tx.select().from(users).where(like(users.name, 'seen %')).orderBy(asc(users.id));
      const renamed = await tx
        .update(users)
        .set({ name: 'renamed' })
        .where(eq(users.name, 'seen 1'))
        .returning();
      const deleted = await tx.delete(users).where(like(users.name, 'seen %')).returning();
      return { seen, renamed, deleted: deleted.length };
    }),

  'a savepoint that is rolled back': (db, { users }) =>
    db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'kept' });
      const inner = await outcomeOf(() =>
        tx.transaction(async (nested) => {
          await nested.insert(users).values({ name: 'dropped' });
          nested.rollback();
        }),
      );
      const names = await tx
        .select({ name: users.name })
        .from(users)
        .where(sql`${users.name} in ('kept', 'dropped')`);
      return { inner, names };
    }),

  'an insert that fails among others, and in a transaction': async (db, { users, posts }) => {
    const names = ['among 1', 'Ada', 'among 2'];
    const onDatabase = await Promise.all(
      names.map((name) => outcomeOf(() => db.insert(users).values({ name }).returning())),
    );
    const inTransaction = await outcomeOf(() =>
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'rolled back' });
        tx.insert(posts).values({ title: 'of nobody', userId: -1 });
      }),
    );
    const left = await db.select().from(users).where(eq(users.name, 'rolled back'));
    return { onDatabase, inTransaction, left };
  },

  'a flush and its report': (db, { users }) =>
    db.transaction(async (tx) => {
      const inserts = numbers(50).map((nr) =>
        tx
          .insert(users)
          .values({ name: `flushed ${nr}` })
          .returning(),
      );
      const { result, events } = await traced(() => tx.flush());
      const { ms, ...report } = result;
      const rows = await Promise.all(inserts);
      return { report, events, isTimed: ms >= 0, ids: rows.flat().map(({ id }) => id) };
    }),

  'values of many types': async (db, { values }) => {
    const row = (nr: number) => ({
      flag: nr % 2 === 0,
      amount: `${nr}.50`,
      large: 9_007_199_254_740_993n + BigInt(nr),
      moment: new Date(Date.UTC(2026, 0, nr, 12, 30)),
      day: '2026-02-28',
      document: { nr, nested: [null, 'ä"\\'] },
      labels: ['a', '', 'b,"c"'],
      bytes: new Uint8Array([0, nr, 255]),
    });
    await db.insert(values).values(row(1));
    await db.transaction(async (tx) => {
      for (const nr of numbers(40)) tx.insert(values).values(row(nr));
    });
    const rows = await db.select().from(values).where(lte(values.id, 3)).orderBy(asc(values.id));
    return rows.map(({ large, bytes, ...rest }) => ({
      ...rest,
      large: String(large),
      bytes: bytes && [...bytes],
    }));
  },

  'rows of a generator, by COPY': async (db, { users }) => {
    async function* read() {
      for (const nr of numbers(1_500)) yield { name: `loaded ${nr}` };
    }
    const { ms, ...report } = await db.load(users, read(), { chunkRows: 1_000 });
    const counted = await db.select({ rows: count() }).from(users).where(like(users.name, 'loaded %'));
    return { report, isTimed: ms >= 0, counted };
  },

  'a prepared statement, and an insert with a placeholder': async (db, { users }) => {
    const find = db
      .select()
      .from(users)
      .where(eq(users.name, sql.placeholder('name')))
      .prepare('find_user');
    const add = db
      .insert(users)
      .values({ name: sql.placeholder('name') })
      .returning()
      .prepare('add_user');
    return [
      await find.execute({ name: 'Ada' }),
      await add.execute({ name: 'Edith' }),
      await find.execute({ name: 'Edith' }),
    ];
  },

  'transactions that run side by side': (db, { users, posts }) =>
    Promise.all(
      numbers(4).map((nr) =>
        db.transaction(async (tx) => {
          const user = tx.insert(users).values({ name: `beside ${nr}` });
          tx.insert(posts).values({ title: `beside ${nr}`, userId: user.ref('id') });
          await tx.flush();
          return tx
            .select({ name: users.name })
            .from(users)
            .where(eq(users.name, `beside ${nr}`));
        }),
      ),
    ),
};
