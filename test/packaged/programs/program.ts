/** A small program, as its user would write it. It is compiled to an ES module, and to CommonJS. */
import { type BatchedDatabase, BatchedInsertError, batchedDrizzle, FlushError } from 'batched-drizzle';
import { DrizzleQueryError, TransactionRollbackError } from 'drizzle-orm';
import { integer, PgDatabase, pgTable, varchar } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

const users = pgTable('users', {
  id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
  name: varchar('name').unique(),
});

const addresses = pgTable('addresses', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  email: varchar('email').notNull(),
  userId: integer('user_id').references(() => users.id),
});

const schema = { users, addresses };

/** What the program has found out. It is printed as JSON. */
export interface Findings {
  readonly users: { id: number; name: string | null }[];
  readonly kinds: Readonly<Record<string, boolean>>;
}

/** @param prefix the names of its users begin with it */
export async function program(url: string, prefix: string): Promise<Findings> {
  const client = postgres(url, { max: 2 });
  const db = batchedDrizzle(client, { schema });
  const plain: PostgresJsDatabase<typeof schema> = db;
  const created = await db.transaction(async (tx) => {
    const inserts = ['Ada', 'Grace', 'Mary'].map((name) => {
      const user = tx.insert(users).values({ name: prefix + name });
      tx.insert(addresses).values({ email: `${prefix}${name}@example.com`, userId: user.ref('id') });
      return user.returning();
    });
    return Promise.all(inserts);
  });
  // @ts-expect-error: a name is no number
  const refuse = () => db.insert(users).values({ name: 1 });
  const again = await thrownBy(db.insert(users).values({ name: `${prefix}Ada` }));
  db.insert(users).values({ name: `${prefix}Ada` });
  const flushed = await thrownBy(db.flush());
  const left = await thrownBy(db.transaction(async (tx) => tx.rollback()));
  const later = await writeLater(client, db, `of ${prefix}`);
  await client.end();
  return {
    users: created.flat(),
    kinds: {
      'the database: PgDatabase': plain instanceof PgDatabase && typeof refuse === 'function',
      'a refused insert: DrizzleQueryError': again instanceof DrizzleQueryError,
      'a refused insert: BatchedInsertError':
        again instanceof BatchedInsertError && again.table === '"users"',
      'a refused insert: its code': again instanceof DrizzleQueryError && codeOf(again.cause) === '23505',
      'a refused insert: its constructor':
        again instanceof Error && again.constructor.name === DrizzleQueryError.name,
      'a refused flush: DrizzleQueryError': flushed instanceof DrizzleQueryError,
      'a refused flush: FlushError': flushed instanceof FlushError && flushed.batchCode === 'FLUSH_FAILED',
      'a rollback: TransactionRollbackError': left instanceof TransactionRollbackError,
      ...later,
    },
  };
}

/** Writes in each way whose code is in files that an import of the library does not read. */
async function writeLater(
  client: postgres.Sql,
  db: BatchedDatabase<typeof schema>,
  email: string,
): Promise<Record<string, boolean>> {
  const many = await db.transaction(async (tx) => {
    for (let row = 0; row < 40; row++) tx.insert(addresses).values({ email });
    return tx.flush();
  });
  const batch = await Promise.all([1, 2].map(() => db.insert(addresses).values({ email }).returning()));
  const queued = batchedDrizzle(client, { batch: { awaits: 'queued' } });
  const answers = await queued.transaction(async (tx) => {
    const first = await tx.insert(addresses).values({ email }).returning({ id: addresses.id });
    return [...first, ...(await tx.insert(addresses).values({ email }).returning({ id: addresses.id }))];
  });
  const { rows } = await db.load(addresses, [{ email }]);
  return {
    'many inserts share a statement': many.rows === 40 && many.tables[0]?.statements === 1,
    'a batch of the database': new Set(batch.flat().map(({ id }) => id)).size === 2,
    'inserts that are answered when they are queued': new Set(answers.map(({ id }) => id)).size === 2,
    'a load': rows === 1,
  };
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

async function thrownBy(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
