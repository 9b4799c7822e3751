/** CommonJS as it is written without a compiler, with types. */
import library = require('batched-drizzle');
import core = require('drizzle-orm/pg-core');
import driver = require('drizzle-orm/postgres-js');
import postgres = require('postgres');

const users = core.pgTable('users', {
  id: core.integer('id').primaryKey().generatedByDefaultAsIdentity(),
  name: core.varchar('name').unique(),
});

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

async function main(): Promise<void> {
  const client = postgres(url, { max: 1 });
  const db = library.batchedDrizzle(client, { schema: { users } });
  const plain: driver.PostgresJsDatabase<{ users: typeof users }> = db;
  const options: library.BatchOptions = { maxRows: 5 };
  // @ts-expect-error: there is no such option
  const wrong: library.BatchOptions = { rows: 5 };
  const names = ['Ada', 'Grace', 'Mary'].map((name) => prefix + name);
  const created = await Promise.all(names.map((name) => db.insert(users).values({ name }).returning()));
  const kinds = {
    'the database: PgDatabase': plain instanceof core.PgDatabase,
    'the database: PostgresJsDatabase': plain instanceof driver.PostgresJsDatabase,
    'the options are those of the declarations': options.maxRows === 5 && 'rows' in wrong,
  };
  await client.end();
  console.log(JSON.stringify({ users: created.flat(), kinds }));
}

main();
