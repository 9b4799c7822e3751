import { eq, inArray, sql } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { rejectionOf } from '../support/process-events.ts';
import * as schema from '../support/schema.ts';
import { addresses, logs, nodes, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
let db: ReturnType<typeof batchedDrizzle<typeof schema>>;

beforeAll(() => {
  db = batchedDrizzle(database.client(), { schema });
});
beforeEach(() => check.execute(emptyTables()));

type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];
type Users = ReturnType<typeof twoUsers>;

function twoUsers(scope: Pick<Transaction, 'insert'>) {
  return scope.insert(users).values([{ name: 'a' }, { name: 'b' }]);
}

/** Each finds the second of two users by its reference, and returns the user's name. */
const places: Record<string, (tx: Transaction, pair: Users) => Promise<string | null | undefined>> = {
  'where of a select': async (tx, pair) => {
    const rows = await tx
      .select()
      .from(users)
      .where(eq(users.id, pair.ref('id', 1)));
    return rows[0]?.name;
  },
  'a list in where': async (tx, pair) => {
    const rows = await tx
      .select()
      .from(users)
      .where(inArray(users.id, [pair.ref('id', 1), -1] as never[]));
    return rows[0]?.name;
  },
  'where of a relational query': async (tx, pair) =>
    (await tx.query.users.findFirst({ where: eq(users.id, pair.ref('id', 1)) }))?.name,
  'a select list, with the type of the column': async (tx, pair) => {
    const [row] = await tx
      .select({ id: pair.ref('id', 1) })
      .from(users)
      .limit(1);
    expect(typeof row?.id).toBe('number');
    return nameOf(tx, row?.id);
  },
  'a CTE': async (tx, pair) => {
    const found = tx.$with('found').as(
      tx
        .select()
        .from(users)
        .where(eq(users.id, pair.ref('id', 1))),
    );
    return (await tx.with(found).select().from(found))[0]?.name;
  },
  'where of an update': async (tx, pair) => {
    const rows = await tx
      .update(users)
      .set({ name: sql`${users.name}` })
      .where(eq(users.id, pair.ref('id', 1)))
      .returning();
    return rows[0]?.name;
  },
  'set of an update': async (tx, pair) => {
    await tx.insert(addresses).values({ email: 'x' });
    const [row] = await tx
      .update(addresses)
      .set({ userId: pair.ref('id', 1) })
      .returning();
    return nameOf(tx, row?.userId);
  },
  'where of a delete': async (tx, pair) => {
    const rows = await tx
      .delete(users)
      .where(eq(users.id, pair.ref('id', 1)))
      .returning();
    return rows[0]?.name;
  },
  'raw SQL': async (tx, pair) => {
    const [row] = rowsOf(
      await tx.execute<{ name: string }>(sql`select name from users where id = ${pair.ref('id', 1)}`),
    );
    return row?.name;
  },
  'insert().select()': async (tx, pair) => {
    const [row] = await tx
      .insert(logs)
      .select(
        tx
          .select({ level: sql<string>`'info'`.as('level'), message: users.name })
          .from(users)
          .where(eq(users.id, pair.ref('id', 1))) as never,
      )
      .returning();
    return row?.message;
  },
  'with().insert()': async (tx, pair) => {
    const any = tx.$with('any').as(tx.select({ name: users.name }).from(users));
    const [row] = await tx
      .with(any)
      .insert(addresses)
      .values({ email: 'x', userId: pair.ref('id', 1) })
      .returning();
    return nameOf(tx, row?.userId);
  },
  'an insert in a CTE': async (tx, pair) => {
    const insert = tx.insert(addresses).values({ email: 'x', userId: pair.ref('id', 1) });
    const made = tx.$with('made').as(insert.returning());
    const [row] = await tx.with(made).select().from(made);
    return nameOf(tx, row?.userId);
  },
  'an insert with a placeholder': async (tx, pair) => {
    const prepared = tx
      .insert(addresses)
      .values({ email: sql.placeholder('email'), userId: pair.ref('id', 1) })
      .returning()
      .prepare('placeholder_and_reference');
    const [row] = await prepared.execute({ email: 'x' });
    return nameOf(tx, row?.userId);
  },
  'a prepared insert': async (tx, pair) => {
    const prepared = tx
      .insert(addresses)
      .values({ email: 'x', userId: pair.ref('id', 1) })
      .returning()
      .prepare('prepared_with_reference');
    await prepared.execute();
    const [row] = await prepared.execute();
    return nameOf(tx, row?.userId);
  },
  'a queued insert': async (tx, pair) => {
    const [row] = await tx
      .insert(addresses)
      .values({ email: 'x', userId: pair.ref('id', 1) })
      .returning();
    return nameOf(tx, row?.userId);
  },
  'an sql expression of a queued insert': async (tx, pair) => {
    const [row] = await tx
      .insert(addresses)
      .values({ email: 'x', userId: sql`abs(${pair.ref('id', 1)})` })
      .returning();
    return nameOf(tx, row?.userId);
  },
  'returning() of a queued insert': async (tx, pair) => {
    const [row] = await tx
      .insert(logs)
      .values({ level: 'info', message: 'x' })
      .returning({ name: sql<string>`(select name from users where id = ${pair.ref('id', 1)})` });
    return row?.name;
  },
};

async function nameOf(tx: Transaction, id: number | null | undefined): Promise<string | null | undefined> {
  return (
    await tx
      .select()
      .from(users)
      .where(eq(users.id, id ?? 0))
  )[0]?.name;
}

const moments: [string, (tx: Transaction) => Promise<unknown>][] = [
  ['before the insert that it names was flushed', async () => {}],
  ['after it was flushed', (tx) => tx.flush()],
];

describe.each(moments)('a reference is accepted %s in', (_, moment) => {
  test.each(Object.entries(places))('%s', async (_, place) => {
    const name = await db.transaction(async (tx) => {
      const pair = twoUsers(tx);
      await moment(tx);
      return place(tx, pair);
    });
    expect(name).toBe('b');
  });

  test.each(Object.entries(places))('%s of a nested transaction', async (_, place) => {
    const name = await db.transaction(async (tx) => {
      const pair = twoUsers(tx);
      await moment(tx);
      return tx.transaction((nested) => place(nested as Transaction, pair));
    });
    expect(name).toBe('b');
  });
});

describe('a reference to an insert of a nested transaction', () => {
  test('stands for its key in the outer one, and in another nested one', async () => {
    await db.transaction(async (tx) => {
      const pair = await tx.transaction(async (nested) => ({ insert: twoUsers(nested as Transaction) }));
      tx.insert(addresses).values({ email: 'outer', userId: pair.insert.ref('id', 1) });
      await tx.transaction(async (nested) => {
        nested.insert(addresses).values({ email: 'nested', userId: pair.insert.ref('id', 0) });
      });
    });
    const found = await check
      .select({ email: addresses.email, name: users.name })
      .from(addresses)
      .innerJoin(users, eq(users.id, addresses.userId));
    expect(found).toEqual([
      { email: 'outer', name: 'b' },
      { email: 'nested', name: 'a' },
    ]);
  });

  test('that was dropped with it rejects with the reason as its cause', async () => {
    const reason = new Error('nested');
    const outer = db.transaction(async (tx) => {
      let pair: Users | undefined;
      await rejectionOf(
        tx.transaction(async (nested) => {
          pair = twoUsers(nested as Transaction);
          throw reason;
        }),
      );
      const error = await rejectionOf(
        tx.insert(addresses).values({ email: 'x', userId: pair?.ref('id', 1) }),
      );
      expect(error.cause).toMatchObject({ code: 'BAD_REFERENCE', cause: reason });
      throw error;
    });
    expect((await rejectionOf(outer)).cause).toMatchObject({ cause: reason });
    expect(await check.$count(addresses)).toBe(0);
  });

  test('that was written and rolled back fails by the foreign key, as in drizzle', async () => {
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        let pair: Users | undefined;
        await rejectionOf(
          tx.transaction(async (nested) => {
            pair = twoUsers(nested as Transaction);
            await nested.flush();
            nested.rollback();
          }),
        );
        await tx.insert(addresses).values({ email: 'x', userId: pair?.ref('id', 1) });
      }),
    );
    expect(error.cause).toMatchObject({ code: '23503' });
  });
});

test('references on the same table take each row of several, in one flush', async () => {
  await db.transaction(async (tx) => {
    const parents = tx.insert(nodes).values([{ label: 'a' }, { label: 'b' }, { label: 'c' }]);
    const children = [2, 0, 1].map((row) => ({ label: `${'abc'[row]}'s`, parentId: parents.ref('id', row) }));
    const second = tx.insert(nodes).values(children);
    tx.insert(nodes).values({ label: "a's's", parentId: second.ref('id', 1) });
    // One statement an insert: a table that refers to itself shares none.
    expect(await tx.flush()).toMatchObject({ tables: [{ table: '"nodes"', rows: 7, statements: 3 }] });
  });
  const found = rowsOf(
    await check.execute<{ label: string; parent: string }>(
      sql`select n.label, p.label as parent from nodes n join nodes p on p.id = n.parent_id`,
    ),
  );
  expect(found).toHaveLength(4);
  for (const { label, parent } of found) expect(label).toBe(`${parent}'s`);
});
