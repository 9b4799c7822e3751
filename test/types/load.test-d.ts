import { sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey } from 'drizzle-orm/pg-core';
import { describe, expectTypeOf, test } from 'vitest';
import type { LoadError, LoadReport } from '../../src/index.ts';
import { events, logs, members, users } from '../support/schema.ts';
import { batched } from './databases.ts';

type Member = typeof members.$inferInsert;

describe('load()', () => {
  test("takes the table's $inferInsert from whatever gives rows, and is awaited", () => {
    batched.load(members, [{ email: 'a@b.c', teamId: 1 }]);
    batched.load(members, new Set<Member>());
    batched.load(members, {} as AsyncIterable<Member>);
    batched.load(members, {} as ReadableStream<Member>);
    expectTypeOf<Awaited<ReturnType<typeof batched.load<typeof users>>>>().toEqualTypeOf<LoadReport>();
  });

  test('refuses rows of another shape', () => {
    // @ts-expect-error `email` is missing
    batched.load(members, [{ teamId: 1 }]);
    // @ts-expect-error `teamId` is a number
    batched.load(members, {} as AsyncIterable<{ email: string; teamId: string }>);
    // @ts-expect-error one row is none to iterate over
    batched.load(users, { name: 'Ada' });
  });

  test('has keys of the type of the primary key', () => {
    expectTypeOf(batched.load(users, []).keys()).toEqualTypeOf<AsyncIterable<number>>();
    expectTypeOf(batched.load(events, []).keys()).toEqualTypeOf<AsyncIterable<string>>();
    expectTypeOf(batched.load(logs, []).keys()).toEqualTypeOf<AsyncIterable<unknown>>();
    const pairs = pgTable('pairs', { a: integer(), b: integer() }, ({ a }) => [primaryKey({ columns: [a] })]);
    expectTypeOf(batched.load(pairs, []).keys()).toEqualTypeOf<AsyncIterable<unknown>>();
  });

  test('takes what drizzle takes for onConflictDoUpdate, and hands on rows and errors as they are', () => {
    batched.load(users, [], {
      onConflict: { update: { target: users.name, set: { name: sql`excluded.name` } } },
      onRowError: (row, index, error) => {
        expectTypeOf(row).toEqualTypeOf<typeof users.$inferInsert>();
        expectTypeOf(index).toEqualTypeOf<number>();
        expectTypeOf(error).toEqualTypeOf<LoadError>();
      },
    });
    // @ts-expect-error `nickname` is no column
    batched.load(users, [], { onConflict: { update: { target: users.name, set: { nickname: 'a' } } } });
    // @ts-expect-error no such option
    batched.load(users, [], { chunks: 1 });
  });

  test('in a transaction takes no commitEvery', () => {
    batched.transaction(async (tx) => {
      await tx.load(users, [{ name: 'Ada' }], { chunkRows: 1 });
      // @ts-expect-error the transaction commits as a whole
      await tx.load(users, [], { commitEvery: 1 });
    });
  });
});
