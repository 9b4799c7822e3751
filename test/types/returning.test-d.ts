import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgInsert, PgInsertBase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { RowList } from 'postgres';
import { describe, expectTypeOf, test } from 'vitest';
import type { BatchedInsert } from '../../src/index.ts';
import { addresses, events, members, tokens, users, wide } from '../support/schema.ts';
import { batched, plain } from './databases.ts';

const member = { email: 'a@b.c', teamId: 1 };

describe('an insert without returning()', () => {
  test("gives drizzle's result of the driver", async () => {
    const result = await batched.insert(users).values({});
    expectTypeOf(result).toEqualTypeOf(await plain.insert(users).values({}));
    expectTypeOf(result).toExtend<RowList<never[]>>();
    expectTypeOf(result.count).toEqualTypeOf<number>();
    expectTypeOf(result.command).toEqualTypeOf<string>();
  });

  test('is an insert of drizzle', () => {
    const insert = batched.insert(users).values({});
    expectTypeOf(insert).toExtend<PgInsertBase<typeof users, PostgresJsQueryResultHKT>>();
    expectTypeOf(insert).toExtend<PromiseLike<unknown>>();
    expectTypeOf(insert).toEqualTypeOf<BatchedInsert<typeof users, PostgresJsQueryResultHKT>>();
  });

  test('describes itself as in drizzle', () => {
    const insert = batched.insert(users).values({});
    expectTypeOf(insert.getSQL()).toEqualTypeOf<SQL>();
    expectTypeOf(insert.toSQL()).toEqualTypeOf(plain.insert(users).values({}).toSQL());
  });
});

describe('returning()', () => {
  test("gives the table's $inferSelect", async () => {
    expectTypeOf(await batched.insert(users).values({}).returning()).toEqualTypeOf<
      (typeof users.$inferSelect)[]
    >();
    expectTypeOf(await batched.insert(wide).values([{}, {}]).returning()).toEqualTypeOf<
      (typeof wide.$inferSelect)[]
    >();
  });

  test('gives what drizzle gives', async () => {
    expectTypeOf(await batched.insert(members).values(member).returning()).toEqualTypeOf(
      await plain.insert(members).values(member).returning(),
    );
    expectTypeOf(await batched.insert(events).values({ kind: 'made' }).returning()).toEqualTypeOf(
      await plain.insert(events).values({ kind: 'made' }).returning(),
    );
  });

  test('gives the same by execute(), by then() and by a prepared statement', async () => {
    const ours = batched.insert(users).values({}).returning();
    const drizzles = plain.insert(users).values({}).returning();
    expectTypeOf(ours.execute()).toEqualTypeOf(drizzles.execute());
    expectTypeOf(await ours.execute()).toEqualTypeOf<(typeof users.$inferSelect)[]>();
    expectTypeOf(ours.then((rows) => rows.length)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(await ours.prepare('insert').execute()).toEqualTypeOf(
      await drizzles.prepare('insert').execute(),
    );
  });

  test('can be called once', () => {
    const insert = batched.insert(users).values({}).returning();
    // @ts-expect-error called already
    insert.returning();
    // @ts-expect-error called already, whatever is selected
    insert.returning({ id: users.id });
  });
});

describe('returning({ … })', () => {
  test('gives the columns under the names that the caller chose', async () => {
    const rows = await batched
      .insert(members)
      .values(member)
      .returning({ key: members.id, since: members.joinedAt });
    expectTypeOf(rows).toEqualTypeOf<{ key: number; since: Date }[]>();
  });

  test('gives what sql and its aliases say', async () => {
    const selection = {
      length: sql<number>`length(${users.name})`,
      upper: sql<string>`upper(${users.name})`.as('upper'),
      day: sql`now()`.mapWith((day: string) => new Date(day)),
      whatever: sql`1`,
    };
    const rows = await batched.insert(users).values({}).returning(selection);
    expectTypeOf(rows).toEqualTypeOf<{ length: number; upper: string; day: Date; whatever: unknown }[]>();
    expectTypeOf(rows).toEqualTypeOf(await plain.insert(users).values({}).returning(selection));
  });

  test('gives what drizzle gives for a mixed selection', async () => {
    const selection = {
      ...getTableColumns(tokens),
      isUsed: sql<boolean>`${tokens.uses} > 0`.as('is_used'),
    };
    expectTypeOf(await batched.insert(tokens).values({ label: 'one' }).returning(selection)).toEqualTypeOf(
      await plain.insert(tokens).values({ label: 'one' }).returning(selection),
    );
  });

  test('refuses a nested selection, as drizzle does', () => {
    const ours = batched.insert(users).values({});
    const drizzles = plain.insert(users).values({});
    // @ts-expect-error drizzle's inserts select flat
    drizzles.returning({ user: { id: users.id } });
    // @ts-expect-error drizzle's inserts select flat
    ours.returning({ user: { id: users.id } });
  });

  test('refuses what is neither a column nor SQL', () => {
    // @ts-expect-error a name is no column
    batched.insert(users).values({}).returning({ id: 'id' });
  });
});

describe('onConflict…()', () => {
  test('keeps the rows, on either side of returning()', async () => {
    const before = batched.insert(users).values({}).onConflictDoNothing().returning({ id: users.id });
    const after = batched.insert(users).values({}).returning({ id: users.id }).onConflictDoNothing();
    expectTypeOf(await before).toEqualTypeOf<{ id: number }[]>();
    expectTypeOf(await after).toEqualTypeOf<{ id: number }[]>();
    expectTypeOf(await batched.insert(users).values({}).onConflictDoNothing()).toEqualTypeOf(
      await plain.insert(users).values({}).onConflictDoNothing(),
    );
  });

  test("takes drizzle's configuration", async () => {
    const insert = batched.insert(members).values(member);
    const rows = await insert
      .onConflictDoUpdate({
        target: members.email,
        set: { role: 'owner', teamId: sql`excluded.team_id` },
        setWhere: eq(members.role, 'reader'),
      })
      .returning();
    expectTypeOf(rows).toEqualTypeOf<(typeof members.$inferSelect)[]>();
    batched
      .insert(members)
      .values(member)
      .onConflictDoNothing({ target: [members.email] });
    // @ts-expect-error `role` is one of an enum
    insert.onConflictDoUpdate({ target: members.email, set: { role: 'admin' } });
    // @ts-expect-error `nickname` is no column
    insert.onConflictDoUpdate({ target: members.email, set: { nickname: 'A' } });
    // @ts-expect-error a target is missing
    insert.onConflictDoUpdate({ set: { role: 'owner' } });
  });

  test('can be called once, and one of the two', () => {
    const insert = batched.insert(users).values({}).onConflictDoNothing();
    // @ts-expect-error called already
    insert.onConflictDoNothing();
    // @ts-expect-error the other one has been called
    insert.onConflictDoUpdate({ target: users.id, set: { name: 'Ada' } });
    // @ts-expect-error called before returning()
    insert.returning().onConflictDoNothing();
  });
});

describe('$dynamic()', () => {
  test('allows every method again, as in drizzle', async () => {
    const insert = batched.insert(users).values({}).$dynamic();
    expectTypeOf(await insert).toEqualTypeOf(await plain.insert(users).values({}).$dynamic());
    expectTypeOf(await insert.returning().onConflictDoNothing().returning()).toEqualTypeOf(
      await plain.insert(users).values({}).$dynamic().returning().onConflictDoNothing().returning(),
    );
  });

  test("fits functions that extend drizzle's dynamic inserts", async () => {
    function ignoringConflicts<T extends PgInsert>(insert: T) {
      return insert.onConflictDoNothing();
    }
    const ours = batched.insert(addresses).values({ email: 'a@b.c' }).$dynamic();
    const drizzles = plain.insert(addresses).values({ email: 'a@b.c' }).$dynamic();
    expectTypeOf(ignoringConflicts(ours)).toEqualTypeOf(ours);
    expectTypeOf(await ignoringConflicts(ours)).toEqualTypeOf(await ignoringConflicts(drizzles));
  });
});
