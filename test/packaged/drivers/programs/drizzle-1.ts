/** A small program on drizzle 1.0, as its user would write it. It is compiled to an ES module, and to CommonJS. */
import { BatchedDatabase, BatchedInsertError, batchedDrizzle, FlushError } from 'batched-drizzle/v1';
import { DrizzleQueryError, defineRelations, like, TransactionRollbackError } from 'drizzle-orm';
import { integer, pgTable, varchar } from 'drizzle-orm/pg-core';
import { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type PostgresError, type RowList, type Sql } from 'postgres';

const users = pgTable('users', {
  id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
  name: varchar('name').unique(),
});

const addresses = pgTable('addresses', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  email: varchar('email').notNull(),
  userId: integer('user_id').references(() => users.id),
});

const relations = defineRelations({ users, addresses }, (r) => ({
  users: { addresses: r.many.addresses({ from: r.users.id, to: r.addresses.userId }) },
}));

async function main(url: string, prefix: string): Promise<void> {
  const sql = postgres(url, { max: 2 });
  const db = batchedDrizzle({ client: sql, relations });
  const plain: PostgresJsDatabase<typeof relations> = db;
  const client: Sql = db.$client;
  const created = await db.transaction(async (tx) => {
    const inserts = ['Ada', 'Grace', 'Mary'].map((name) => {
      const user = tx.insert(users).values({ name: prefix + name });
      tx.insert(addresses).values({ email: `${prefix}${name}@example.com`, userId: user.ref('id') });
      return user.returning();
    });
    return Promise.all(inserts);
  });
  const found = await db.query.users.findMany({
    where: { name: `${prefix}Ada` },
    with: { addresses: { columns: { email: true } } },
  });
  const result: RowList<never[]> = await db.insert(users).values({ name: `${prefix}Eve` });
  await db.delete(users).where(like(users.name, `${prefix}Eve`));
  // @ts-expect-error: a name is no number
  const refuse = () => db.insert(users).values({ name: 1 });
  const again = await thrownBy(db.insert(users).values({ name: `${prefix}Ada` }));
  db.insert(users).values({ name: `${prefix}Ada` });
  const flushed = await thrownBy(db.flush());
  const left = await thrownBy(db.transaction(async (tx) => tx.rollback()));
  await sql.end();
  const kinds = {
    'the database: PostgresJsDatabase': plain instanceof PostgresJsDatabase,
    'the database: BatchedDatabase': plain instanceof BatchedDatabase,
    'the database: its client': client === sql,
    'a relational query': found[0]?.addresses[0]?.email === `${prefix}Ada@example.com`,
    'a result: as of postgres.js': result.count === 1 && result.command === 'INSERT',
    'what is refused is not called': typeof refuse === 'function',
    'a refused insert: BatchedInsertError': again instanceof BatchedInsertError && again.table === '"users"',
    'a refused insert: its cause':
      again instanceof DrizzleQueryError && (again.cause as PostgresError).code === '23505',
    'a refused flush: FlushError': flushed instanceof FlushError && flushed.batchCode === 'FLUSH_FAILED',
    'a rollback: TransactionRollbackError': left instanceof TransactionRollbackError,
  };
  console.log(JSON.stringify({ users: created.flat(), kinds }));
}

async function thrownBy(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

main(url, prefix);
