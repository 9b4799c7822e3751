// node-postgres in CommonJS: drizzle in a transaction by a helper, and the pool by itself.
const { drizzle } = require('drizzle-orm/node-postgres');
const { bigint, pgTable, text } = require('drizzle-orm/pg-core');
const { Pool } = require('pg');

const organizations = pgTable('organizations', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  name: text('name').notNull(),
});
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 });

function insert(tx, name) {
  // helper:
  return tx.insert(organizations).values({ name });
}

async function main() {
  // transaction:
  await drizzle(pool).transaction(async (tx) => {
    // caller:
    for (const name of ['one', 'two', 'three']) await insert(tx, name);
  });
  // together:
  await Promise.all([1, 2, 3].map((number) => pool.query('select $1::int', [number])));
  // literal:
  for (const number of [1, 2]) await pool.query(`select 'mail from ${number}', $1::int`, [number]);
  await pool.end();
}

main();
