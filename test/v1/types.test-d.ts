import { defineRelations } from 'drizzle-orm';
import { integer, type PgAsyncDatabase, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { describe, expectTypeOf, test } from 'vitest';
import { type BatchedInsertError, batchedDrizzle } from '../../src/v1/index.ts';

const users = pgTable('users', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull(),
  age: integer('age'),
});
const relations = defineRelations({ users });

declare const client: Sql;
const ours = batchedDrizzle({ client, relations });
const plain = drizzle({ client, relations });

describe('the database', () => {
  test('can be used where drizzle’s own is asked for', () => {
    expectTypeOf(ours).toExtend<PostgresJsDatabase<typeof relations>>();
    expectTypeOf(ours).toExtend<PgAsyncDatabase<PostgresJsQueryResultHKT, typeof relations>>();
    expectTypeOf(ours.$client).toEqualTypeOf<Sql>();
  });

  test('takes a client, a URL or a config', () => {
    expectTypeOf(batchedDrizzle(client, { relations })).toEqualTypeOf(ours);
    expectTypeOf(batchedDrizzle('postgres://').$client).toEqualTypeOf<Sql>();
    // @ts-expect-error: no such option
    batchedDrizzle({ client, shema: {} });
  });

  test('selects and queries with drizzle’s types', () => {
    expectTypeOf(ours.select().from(users)).toEqualTypeOf(plain.select().from(users));
    expectTypeOf(ours.query).toEqualTypeOf(plain.query);
    expectTypeOf(ours.$count(users)).toEqualTypeOf(plain.$count(users));
  });
});

describe('an insert', () => {
  const given = ours.insert(users).values({ name: 'Ada' });
  const plainly = plain.insert(users).values({ name: 'Ada' });

  test('has the result of drizzle’s', async () => {
    expectTypeOf(await given).toEqualTypeOf(await plainly);
    expectTypeOf(await given.returning()).toEqualTypeOf(await plainly.returning());
    expectTypeOf(await given.returning({ n: users.age })).toEqualTypeOf<{ n: number | null }[]>();
  });

  test('refers to its columns, also behind chained calls', () => {
    expectTypeOf(given.ref('id')._.type).toEqualTypeOf<number>();
    expectTypeOf(given.returning().ref('name')._.type).toEqualTypeOf<string>();
    expectTypeOf(given.onConflictDoNothing().$dynamic().ref('id')._.type).toEqualTypeOf<number>();
    // @ts-expect-error: no such column
    given.ref('nope');
  });

  test('takes returning() once', () => {
    // @ts-expect-error: drizzle leaves the method out
    given.returning().returning();
  });

  test('refuses what drizzle refuses', () => {
    // @ts-expect-error: a name is no number
    ours.insert(users).values({ name: 1 });
    // @ts-expect-error: GENERATED ALWAYS
    ours.insert(users).values({ id: 1, name: 'Ada' });
    ours.insert(users).overridingSystemValue().values({ id: 1, name: 'Ada' });
  });

  test('of some columns, or of a select, is drizzle’s own', () => {
    expectTypeOf(ours.insert(users, 'name').values({ name: 'Ada' })).not.toHaveProperty('ref');
    expectTypeOf(ours.insert(users).select(ours.select().from(users) as never)).not.toHaveProperty('ref');
  });
});

test('a transaction takes modes and options, and hands over a queue', () => {
  ours.transaction(
    async (tx) => {
      expectTypeOf(tx.insert(users).values({ name: 'Ada' }).ref('id')._.type).toEqualTypeOf<number>();
      expectTypeOf(tx.pending).toEqualTypeOf<number>();
      await tx.transaction(async (inner) => void inner.flush());
    },
    { isolationLevel: 'serializable', batch: { awaits: 'queued' } },
  );
});

test('an error may have no parameters', () => {
  expectTypeOf<undefined>().toExtend<BatchedInsertError['params']>();
});
