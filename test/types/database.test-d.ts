import { type ExtractTablesWithRelations, eq } from 'drizzle-orm';
import type { PgDatabase, PgTransaction } from 'drizzle-orm/pg-core';
import type {
  PostgresJsDatabase,
  PostgresJsQueryResultHKT,
  PostgresJsTransaction,
} from 'drizzle-orm/postgres-js';
import { describe, expectTypeOf, test } from 'vitest';
import type { BatchedDatabase, BatchedTransaction, FlushReport, TableReport } from '../../src/index.ts';
import { addresses, type teams, users } from '../support/schema.ts';
import { batched, plain, type Schema } from './databases.ts';

type Relations = ExtractTablesWithRelations<Schema>;

describe('BatchedDatabase', () => {
  test("stands wherever drizzle's database does", () => {
    expectTypeOf<BatchedDatabase<Schema>>().toExtend<PostgresJsDatabase<Schema>>();
    expectTypeOf<BatchedDatabase<Schema>>().toExtend<PgDatabase<PostgresJsQueryResultHKT, Schema>>();
    expectTypeOf<BatchedDatabase>().toExtend<PostgresJsDatabase>();
    expectTypeOf(batched).toExtend<typeof plain>();

    function useDrizzles(_db: PostgresJsDatabase<Schema>): void {}
    useDrizzles(batched);
    // @ts-expect-error of another schema
    useDrizzles({} as BatchedDatabase);
  });

  test('has a queue', () => {
    expectTypeOf(batched.pending).toEqualTypeOf<number>();
    expectTypeOf(batched.flush()).toEqualTypeOf<Promise<FlushReport>>();
    expectTypeOf(batched).toExtend<AsyncDisposable>();
    // @ts-expect-error counted by the database, and by nobody else
    batched.pending = 0;
  });

  test('answers every other statement as drizzle does', async () => {
    expectTypeOf(await batched.select().from(users)).toEqualTypeOf(await plain.select().from(users));
    expectTypeOf(
      await batched.select().from(users).leftJoin(addresses, eq(addresses.userId, users.id)),
    ).toEqualTypeOf(await plain.select().from(users).leftJoin(addresses, eq(addresses.userId, users.id)));
    expectTypeOf(await batched.update(users).set({ name: 'Ada' }).returning()).toEqualTypeOf(
      await plain.update(users).set({ name: 'Ada' }).returning(),
    );
    expectTypeOf(await batched.delete(users)).toEqualTypeOf(await plain.delete(users));
    expectTypeOf(await batched.execute<{ n: number }>('select 1 n')).toEqualTypeOf(
      await plain.execute<{ n: number }>('select 1 n'),
    );
    expectTypeOf(await batched.$count(users)).toEqualTypeOf<number>();
  });

  test('keeps its insert in Promise.all', async () => {
    const [rows, ids] = await Promise.all([
      batched.insert(users).values({}).returning(),
      batched.insert(users).values({}).returning({ id: users.id }),
    ]);
    expectTypeOf(rows).toEqualTypeOf<(typeof users.$inferSelect)[]>();
    expectTypeOf(ids).toEqualTypeOf<{ id: number }[]>();
  });
});

describe('relational queries', () => {
  test('infer as on drizzle, on the database', async () => {
    expectTypeOf(batched.query).toEqualTypeOf(plain.query);
    expectTypeOf(await batched.query.users.findMany({ with: { addresses: true } })).toEqualTypeOf<
      { id: number; name: string | null; addresses: (typeof addresses.$inferSelect)[] }[]
    >();
    expectTypeOf(await batched.query.teams.findFirst({ columns: { id: true } })).toEqualTypeOf<
      { id: number } | undefined
    >();
    // @ts-expect-error no table of the schema
    batched.query.nobody;
  });

  test('infer as on drizzle, in a transaction', async () => {
    const query = { columns: { name: true }, with: { organization: true, members: { limit: 1 } } } as const;
    const ours = await batched.transaction((tx) => tx.query.teams.findMany(query));
    const drizzles = await plain.transaction((tx) => tx.query.teams.findMany(query));
    expectTypeOf(ours).toEqualTypeOf(drizzles);
    expectTypeOf(ours[0]?.members[0]?.role).toEqualTypeOf<'reader' | 'writer' | 'owner' | undefined>();
    expectTypeOf(ours[0]?.name).toEqualTypeOf<(typeof teams.$inferSelect)['name'] | undefined>();
  });

  test('are refused without a schema, as in drizzle', () => {
    const without = {} as BatchedDatabase;
    expectTypeOf(without.query).toEqualTypeOf({} as PostgresJsDatabase['query']);
    // @ts-expect-error no schema was given
    without.query.users;
  });
});

describe('transaction()', () => {
  test('resolves to what its callback resolves to', async () => {
    expectTypeOf(await batched.transaction(async () => 'done' as const)).toEqualTypeOf<'done'>();
    expectTypeOf(
      await batched.transaction(async (tx) => tx.insert(users).values({}).returning()),
    ).toEqualTypeOf(await plain.transaction(async (tx) => tx.insert(users).values({}).returning()));
    expectTypeOf(batched.transaction(async () => {})).toEqualTypeOf<Promise<void>>();
    // @ts-expect-error the callback is asynchronous
    batched.transaction(() => 1);
  });

  test("takes drizzle's configuration", () => {
    type Config = Parameters<typeof batched.transaction>[1];
    expectTypeOf<Omit<NonNullable<Config>, 'batch'>>().toEqualTypeOf<
      Omit<NonNullable<Parameters<typeof plain.transaction>[1]>, never>
    >();
    batched.transaction(async () => {}, { batch: { awaits: 'queued' } });
    // @ts-expect-error no such meaning of await
    batched.transaction(async () => {}, { batch: { awaits: 'later' } });
    // @ts-expect-error an option of the database
    batched.transaction(async () => {}, { batch: { maxRows: 1 } });
    batched.transaction(async () => {}, { isolationLevel: 'serializable', accessMode: 'read write' });
    // @ts-expect-error no isolation level
    batched.transaction(async () => {}, { isolationLevel: 'none' });
  });

  test('hands its callback a BatchedTransaction', () => {
    batched.transaction(async (tx) => {
      expectTypeOf(tx).toEqualTypeOf<BatchedTransaction<Schema, Relations>>();
      expectTypeOf(tx.pending).toEqualTypeOf<number>();
      expectTypeOf(tx.flush()).toEqualTypeOf<Promise<FlushReport>>();
      expectTypeOf(tx.insert(users).values({}).returning().ref('id')).toEqualTypeOf(
        batched.insert(users).values({}).returning().ref('id'),
      );
      expectTypeOf(tx.rollback).returns.toEqualTypeOf<never>();
      expectTypeOf(tx.setTransaction).toEqualTypeOf<
        PostgresJsTransaction<Schema, Relations>['setTransaction']
      >();
    });
  });

  test('hands a nested callback one too', () => {
    batched.transaction((tx) =>
      tx.transaction(async (nested) => {
        expectTypeOf(nested).toEqualTypeOf(tx);
        expectTypeOf(nested.transaction(async (deeper) => deeper.flush())).toEqualTypeOf<
          Promise<FlushReport>
        >();
      }),
    );
  });

  test("takes a callback written for drizzle's transaction, database or a base class", () => {
    batched.transaction(async (_tx: PostgresJsTransaction<Schema, Relations>) => {});
    batched.transaction(async (_tx: PgTransaction<PostgresJsQueryResultHKT, Schema, Relations>) => {});
    batched.transaction(async (_tx: PostgresJsDatabase<Schema>) => {});
    batched.transaction(async (_tx: PgDatabase<PostgresJsQueryResultHKT, Schema>) => {});
  });
});

describe('a database or a transaction', () => {
  type Either = typeof batched | BatchedTransaction<Schema, Relations>;
  type DrizzlesEither = typeof plain | PostgresJsTransaction<Schema, Relations>;

  test('writes, reads and nests without asking which', async () => {
    const either = {} as Either;
    const drizzles = {} as DrizzlesEither;
    const insert = either.insert(users).values({}).returning();
    insert.ref('id');
    expectTypeOf(await insert).toEqualTypeOf(await drizzles.insert(users).values({}).returning());
    expectTypeOf(await either.query.users.findFirst()).toEqualTypeOf(await drizzles.query.users.findFirst());
    expectTypeOf(await either.transaction(async (tx) => tx.flush())).toEqualTypeOf<FlushReport>();
    expectTypeOf(await either.flush()).toEqualTypeOf<FlushReport>();
  });

  test('is the argument type that programs derive from transaction()', () => {
    type Derived = Parameters<Parameters<(typeof batched)['transaction']>[0]>[0];
    expectTypeOf<Derived>().toEqualTypeOf<BatchedTransaction<Schema, Relations>>();
  });
});

describe('FlushReport', () => {
  test('counts in all and by table', () => {
    expectTypeOf<FlushReport>().toEqualTypeOf<{
      readonly rows: number;
      readonly keys: number;
      readonly statements: number;
      readonly roundTrips: number;
      readonly ms: number;
      readonly tables: readonly TableReport[];
    }>();
    expectTypeOf<TableReport>().toEqualTypeOf<{
      readonly table: string;
      readonly rows: number;
      readonly keys: number;
      readonly statements: number;
    }>();
  });
});
