import { eq, like, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import * as schema from '../support/schema.ts';
import { addresses, logs, organizations, teams, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
let db: ReturnType<typeof batchedDrizzle<typeof schema>>;
let plain: PostgresJsDatabase<typeof schema>;

beforeAll(async () => {
  db = batchedDrizzle(database.client(), { schema });
  plain = drizzle(database.client(), { schema });
});
beforeEach(() => check.execute(emptyTables()));

type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];

/** Statements that read or change earlier inserts. Each returns the users' names that it saw. */
const statements: Record<string, (tx: Transaction) => Promise<unknown>> = {
  select: async (tx) => (await tx.select().from(users).orderBy(users.id)).map(({ name }) => name),
  'select distinct': async (tx) => {
    const rows = await tx.selectDistinct({ name: users.name }).from(users).orderBy(users.name);
    return rows.map(({ name }) => name);
  },
  'a relational query': async (tx) => {
    const rows = await tx.query.users.findMany({ with: { addresses: true }, orderBy: users.id });
    return rows.map(({ name }) => name);
  },
  'a relational query for the first': async (tx) => {
    const first = await tx.query.users.findFirst({ where: eq(users.name, 'bob') });
    return ['ada', first?.name];
  },
  update: async (tx) => {
    const rows = await tx
      .update(users)
      .set({ name: sql`${users.name}` })
      .returning();
    return rows.map(({ name }) => name).toSorted();
  },
  delete: async (tx) => {
    const rows = await tx.delete(users).returning();
    return rows.map(({ name }) => name);
  },
  execute: async (tx) => {
    const rows = rowsOf(await tx.execute<{ name: string }>(sql`select name from users order by id`));
    return rows.map(({ name }) => name);
  },
  'execute with a string': async (tx) => {
    const rows = rowsOf(await tx.execute<{ name: string }>('select name from users order by id'));
    return rows.map(({ name }) => name);
  },
  'execute with a builder': async (tx) => {
    const rows = rowsOf(
      await tx.execute<{ name: string }>(tx.select({ name: users.name }).from(users).orderBy(users.id)),
    );
    return rows.map(({ name }) => name);
  },
  $count: async (tx) => ['ada', 'bob'].slice(0, await tx.$count(users)),
  'a CTE': async (tx) => {
    const named = tx.$with('named').as(tx.select({ name: users.name }).from(users).orderBy(users.id));
    return (await tx.with(named).select().from(named)).map(({ name }) => name);
  },
  'insert().select()': async (tx) => {
    const copied = await tx
      .insert(logs)
      .select(
        tx.select({ level: sql<string>`'copied'`.as('level'), message: users.name }).from(users) as never,
      )
      .returning();
    return copied.map(({ message }) => message).toSorted();
  },
  'with().insert()': async (tx) => {
    const latest = tx
      .$with('latest')
      .as(tx.select({ name: users.name }).from(users).where(eq(users.name, 'bob')));
    const [row] = await tx
      .with(latest)
      .insert(logs)
      .values({ level: 'latest', message: sql`(select name from latest)` })
      .returning();
    return ['ada', row?.message];
  },
  'an insert with a placeholder': async (tx) => {
    const prepared = tx
      .insert(logs)
      .values({
        level: sql.placeholder('level'),
        message: sql`(select string_agg(name, ',' order by id) from users)`,
      })
      .returning()
      .prepare('with_placeholder');
    const [row] = await prepared.execute({ level: 'info' });
    return row?.message.split(',');
  },
  'a nested transaction': async (tx) =>
    tx.transaction(async (nested) => (await nested.select().from(users)).map(({ name }) => name)),
  'an insert behind it that reads': async (tx) => {
    const [row] = await tx
      .insert(logs)
      .values({ level: 'info', message: sql`(select string_agg(name, ',' order by id) from users)` })
      .returning();
    return row?.message.split(',');
  },
};

describe('in a transaction what was queued before is seen by', () => {
  test.each(Object.entries(statements))('%s', async (_, statement) => {
    const seen = await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'ada' });
      tx.insert(users).values({ name: 'bob' });
      return statement(tx);
    });
    expect(seen).toEqual(['ada', 'bob']);
  });

  test.each(Object.entries(statements))('%s, as in plain drizzle', async (_, statement) => {
    const seen = await plain.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'ada' });
      await tx.insert(users).values({ name: 'bob' });
      return statement(tx as unknown as Transaction);
    });
    expect(seen).toEqual(['ada', 'bob']);
  });

  test('a statement that was prepared before it', async () => {
    const seen = await db.transaction(async (tx) => {
      const prepared = tx
        .select({ name: users.name })
        .from(users)
        .where(like(users.name, sql.placeholder('name')))
        .orderBy(users.id)
        .prepare('named_like');
      tx.insert(users).values({ name: 'ada' });
      const first = await prepared.execute({ name: '%' });
      tx.insert(users).values({ name: 'bob' });
      return [first, await prepared.execute({ name: '%' })];
    });
    expect(seen).toEqual([[{ name: 'ada' }], [{ name: 'ada' }, { name: 'bob' }]]);
  });

  test('a relational query that was prepared before it', async () => {
    const seen = await db.transaction(async (tx) => {
      const prepared = tx.query.users.findMany({ columns: { name: true } }).prepare('all_users');
      tx.insert(users).values({ name: 'ada' });
      return prepared.execute();
    });
    expect(seen).toEqual([{ name: 'ada' }]);
  });

  test('its own trigger: an insert that nobody awaits is written by it', async () => {
    await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'ada' });
      expect(tx.pending).toBe(1);
      await tx.select().from(logs);
      expect(tx.pending).toBe(0);
    });
  });
});

describe('what is queued behind a statement', () => {
  /** Executes a select and calls an insert, in one turn and in that order. */
  async function together(
    tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
  ): Promise<unknown> {
    const [before] = await Promise.all([
      tx.select().from(users).execute(),
      tx.insert(users).values({ name: 'behind' }).execute(),
    ]);
    return [before, (await tx.select().from(users)).length];
  }

  test('is not seen by it, in one turn, as in drizzle', async () => {
    expect(await plain.transaction(together)).toEqual([[], 1]);
    await check.delete(users);
    expect(await db.transaction(together)).toEqual([[], 1]);
  });

  /** The same as programs write it: `Promise.all` executes both. */
  async function unexecuted(
    tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
  ): Promise<unknown> {
    const [before] = await Promise.all([
      tx.select().from(users),
      tx.insert(users).values({ name: 'behind' }),
    ]);
    return before;
  }

  test('is not seen by it in a Promise.all either, as in drizzle', async () => {
    expect(await plain.transaction(unexecuted)).toEqual([]);
    await check.delete(users);
    expect(await db.transaction(unexecuted)).toEqual([]);
  });

  test('is not seen by it in a Promise.all that begins with an insert, as in drizzle', async () => {
    const mixed = async (
      tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
    ): Promise<unknown> => {
      const [, rows, , count, updated] = await Promise.all([
        tx.insert(users).values({ name: 'before' }),
        tx.select({ name: users.name }).from(users),
        tx.insert(users).values({ name: 'between' }),
        tx.$count(users),
        tx
          .update(users)
          .set({ name: sql`${users.name} || '!'` })
          .returning({ name: users.name }),
        tx.insert(users).values({ name: 'behind' }),
      ]);
      return [rows, count, updated.map(({ name }) => name).toSorted()];
    };
    const expected = [[{ name: 'before' }], 2, ['before!', 'between!']];
    expect(await plain.transaction(mixed)).toEqual(expected);
    await check.delete(users);
    expect(await db.transaction(mixed)).toEqual(expected);
  });

  test('is not changed by an update that a then() of its own executes first, as in drizzle', async () => {
    const chained = async (
      tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
    ): Promise<unknown> => {
      const [, updated] = await Promise.all([
        tx.insert(users).values({ name: 'behind' }),
        tx
          .update(users)
          .set({ name: 'changed' })
          .returning()
          .then((rows) => rows.length),
      ]);
      return [updated, (await tx.select().from(users)).map(({ name }) => name)];
    };
    expect(await plain.transaction(chained)).toEqual([0, ['behind']]);
    await check.delete(users);
    expect(await db.transaction(chained)).toEqual([0, ['behind']]);
  });

  test('is undone with a nested transaction of the same Promise.all, as in drizzle', async () => {
    const nested = async (
      tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
    ): Promise<unknown> => {
      await Promise.all([
        tx.insert(users).values({ name: 'undone' }),
        tx.transaction((inner) => inner.rollback()).catch(() => {}),
      ]);
      return tx.$count(users);
    };
    expect(await plain.transaction(nested)).toBe(0);
    await check.delete(users);
    expect(await db.transaction(nested)).toBe(0);
  });

  test('is not seen by it where another statement stands behind both, as in drizzle', async () => {
    const between = async (
      tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
    ): Promise<unknown> => {
      const [before, , count, behind] = await Promise.all([
        tx.select({ name: users.name }).from(users),
        tx.insert(users).values({ name: 'between' }),
        tx.$count(users),
        tx.select({ name: users.name }).from(users),
      ]);
      return [before, count, behind];
    };
    const expected = [[], 1, [{ name: 'between' }]];
    expect(await plain.transaction(between)).toEqual(expected);
    await check.delete(users);
    expect(await db.transaction(between)).toEqual(expected);
  });

  test('is not seen by it where something was queued before, in one turn', async () => {
    const seen = await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'before' });
      const [rows] = await Promise.all([
        tx.select().from(users).execute(),
        tx.insert(users).values({ name: 'behind' }).execute(),
      ]);
      return rows.map(({ name }) => name);
    });
    expect(seen).toEqual(['before']);
    expect(await check.$count(users)).toBe(2);
  });

  test('is not seen by it where it was never awaited', async () => {
    const seen = await db.transaction(async (tx) => {
      const reading = tx.select().from(users).execute();
      tx.insert(users).values({ name: 'behind' });
      return reading;
    });
    expect(seen).toEqual([]);
    expect(await check.$count(users)).toBe(1);
  });

  test('is not changed by an update called before it', async () => {
    await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'before' });
      const updating = tx
        .update(users)
        .set({ name: sql`${users.name} || '!'` })
        .execute();
      tx.insert(users).values({ name: 'behind' });
      await updating;
    });
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows.map(({ name }) => name).toSorted()).toEqual(['before!', 'behind']);
  });
});

describe('an insert whose sql reads another table', () => {
  const newest = sql`(select max(id) from organizations)`;
  const teamsOf = async (
    tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
  ): Promise<unknown> => {
    await tx.insert(organizations).values({ id: 1000, name: 'first' });
    const [[before], , [behind]] = await Promise.all([
      tx.insert(teams).values({ name: 'before', organizationId: newest }).returning(),
      tx.insert(organizations).values({ id: 2000, name: 'second' }),
      tx.insert(teams).values({ name: 'behind', organizationId: newest }).returning(),
    ]);
    return [before?.organizationId, behind?.organizationId];
  };

  test('does not see what is inserted there behind it, in one turn, as in drizzle', async () => {
    expect(await plain.transaction(teamsOf)).toEqual([1000, 2000]);
    await check.execute(emptyTables());
    expect(await db.transaction(teamsOf)).toEqual([1000, 2000]);
  });

  test('sees what was inserted there before it, in one turn, where no foreign key tells the order', async () => {
    const messages = async (
      tx: Transaction | Parameters<Parameters<typeof plain.transaction>[0]>[0],
    ): Promise<unknown> => {
      const count = sql<string>`(select count(*)::text from users)`;
      const results = await Promise.all([
        tx.insert(logs).values({ level: 'zero', message: count }).returning(),
        tx.insert(users).values({ name: 'a' }),
        tx.insert(logs).values({ level: 'one', message: count }).returning(),
        tx.insert(users).values([{ name: 'b' }, { name: 'c' }]),
        tx.insert(logs).values({ level: 'three', message: count }).returning(),
      ]);
      return [results[0], results[2], results[4]].flatMap((rows) => rows.map(({ message }) => message));
    };
    expect(await plain.transaction(messages)).toEqual(['0', '1', '3']);
    await check.execute(emptyTables());
    expect(await db.transaction(messages)).toEqual(['0', '1', '3']);
  });
});

describe('on the database', () => {
  test.each(Object.entries(statements))(
    'nothing is flushed by %s, and nobody waits, as in drizzle',
    async (_, statement) => {
      await check.insert(users).values({ name: 'bob' });
      db.insert(organizations).values({ name: 'queued' });
      await statement(db as unknown as Transaction);
      expect(db.pending).toBe(1);
      expect(await check.$count(organizations)).toBe(0);
      await db.flush();
      expect(await check.$count(organizations)).toBe(1);
    },
  );

  test("a transaction does not flush the database's queue, nor sees it", async () => {
    db.insert(users).values({ name: 'queued' });
    const seen = await db.transaction((tx) => tx.select().from(users));
    expect(seen).toEqual([]);
    expect(db.pending).toBe(1);
    await db.flush();
    expect(await check.$count(users)).toBe(1);
  });

  test('an awaited insert is seen by what comes behind', async () => {
    await db.insert(users).values({ name: 'ada' });
    expect(await db.$count(users)).toBe(1);
  });

  test('flushes what another insert is awaited for, and leaves the rest queued', async () => {
    db.insert(users).values({ name: 'queued' });
    await db.insert(users).values({ name: 'awaited' });
    expect((await check.select().from(users)).map(({ name }) => name)).toEqual(['awaited']);
    expect(db.pending).toBe(1);
    await db.flush();
    expect(await check.$count(users)).toBe(2);
  });

  test('insert().select(), with().insert() and placeholders run as in drizzle', async () => {
    await db.insert(users).values({ name: 'ada' });
    await db
      .insert(logs)
      .select(
        db.select({ level: sql<string>`'copied'`.as('level'), message: users.name }).from(users) as never,
      );
    const named = db.$with('named').as(db.select({ name: users.name }).from(users));
    await db.with(named).insert(logs).values({ level: 'with', message: sql`(select name from named)` });
    const prepared = db
      .insert(logs)
      .values({ level: 'placeholder', message: sql.placeholder('message') })
      .prepare('placeholder_on_database');
    await prepared.execute({ message: 'first' });
    await prepared.execute({ message: 'second' });
    expect(await check.select().from(logs)).toEqual([
      { level: 'copied', message: 'ada' },
      { level: 'with', message: 'ada' },
      { level: 'placeholder', message: 'first' },
      { level: 'placeholder', message: 'second' },
    ]);
  });
});

test('rows that were queued go with their addresses through a relational query', async () => {
  const found = await db.transaction(async (tx) => {
    const user = tx.insert(users).values({ name: 'ada' });
    tx.insert(addresses).values([
      { email: 'a', userId: user.ref('id') },
      { email: 'b', userId: user.ref('id') },
    ]);
    return tx.query.users.findFirst({
      with: { addresses: { columns: { email: true } } },
      columns: { name: true },
    });
  });
  expect(found).toEqual({ name: 'ada', addresses: [{ email: 'a' }, { email: 'b' }] });
});
