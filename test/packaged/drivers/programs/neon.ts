/** A program on Neon's driver that sends nothing: there is no server of Neon here. */
import { Pool } from '@neondatabase/serverless';
import { BatchedDatabase, BatchedInsert, batchedDrizzle } from 'batched-drizzle/neon-serverless';
import { NeonDatabase } from 'drizzle-orm/neon-serverless';
import { integer, pgTable, varchar } from 'drizzle-orm/pg-core';

const users = pgTable('users', { id: integer('id').primaryKey(), name: varchar('name') });

async function main(): Promise<void> {
  const pool = new Pool({ connectionString: 'postgres://user@example.com/none' });
  const db = batchedDrizzle(pool, { schema: { users }, batch: { maxRows: 5 } });
  const plain: NeonDatabase<{ users: typeof users }> = db;
  const client: Pool = db.$client;
  // @ts-expect-error: there is no such option
  const refuse = () => batchedDrizzle(pool, { batch: { rows: 5 } });
  const mock = batchedDrizzle.mock();
  const insert = mock.insert(users).values({ id: 1, name: 'Ada' });
  const kinds = {
    'the database: NeonDatabase': plain instanceof NeonDatabase,
    'the database: BatchedDatabase': plain instanceof BatchedDatabase,
    'the database: its client': client === pool,
    'an unknown option': /rows/.test(thrownBy(refuse)),
    'an insert: BatchedInsert': insert instanceof BatchedInsert,
    'an insert: its text': insert.toSQL().sql === 'insert into "users" ("id", "name") values ($1, $2)',
  };
  await pool.end();
  console.log(JSON.stringify({ users: [], kinds }));
}

function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  return 'nothing';
}

main();
