/** A small program on node-postgres, as its user would write it. It is compiled to an ES module, and to CommonJS. */
import {
  BatchedDatabase,
  BatchedInsertError,
  batchedDrizzle,
  FlushError,
} from 'batched-drizzle/node-postgres';
import { DrizzleQueryError, like, TransactionRollbackError } from 'drizzle-orm';
import { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { integer, pgTable, varchar } from 'drizzle-orm/pg-core';
import { type DatabaseError, Pool, type QueryResult } from 'pg';

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

async function main(url: string, prefix: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 2 });
  const db = batchedDrizzle(pool, { schema });
  const plain: NodePgDatabase<typeof schema> = db;
  const client: Pool = db.$client;
  const created = await db.transaction(async (tx) => {
    const inserts = ['Ada', 'Grace', 'Mary'].map((name) => {
      const user = tx.insert(users).values({ name: prefix + name });
      tx.insert(addresses).values({ email: `${prefix}${name}@example.com`, userId: user.ref('id') });
      return user.returning();
    });
    return Promise.all(inserts);
  });
  const result: QueryResult = await db.insert(users).values({ name: `${prefix}Eve` });
  await db.delete(users).where(like(users.name, `${prefix}Eve`));
  // @ts-expect-error: a name is no number
  const refuse = () => db.insert(users).values({ name: 1 });
  // @ts-expect-error: the result of pg is no array
  const read = () => result[0];
  const again = await thrownBy(db.insert(users).values({ name: `${prefix}Ada` }));
  db.insert(users).values({ name: `${prefix}Ada` });
  const flushed = await thrownBy(db.flush());
  const left = await thrownBy(db.transaction(async (tx) => tx.rollback()));
  await pool.end();
  const kinds = {
    'the database: NodePgDatabase': plain instanceof NodePgDatabase,
    'the database: BatchedDatabase': plain instanceof BatchedDatabase,
    'the database: its client': client === pool,
    'a result: as of pg': result.rowCount === 1 && result.command === 'INSERT' && result.rows.length === 0,
    'what is refused is not called': [refuse, read].every((call) => typeof call === 'function'),
    'a refused insert: BatchedInsertError': again instanceof BatchedInsertError && again.table === '"users"',
    'a refused insert: its cause':
      again instanceof DrizzleQueryError && (again.cause as DatabaseError).code === '23505',
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
