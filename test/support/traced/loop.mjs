// A loop that awaits each insert, on plain drizzle and postgres.js, as an ES module.
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { organizations } from './table.mjs';

const client = postgres(process.env.DATABASE_URL, { max: 1 });
const db = drizzle(client);

// transaction:
await db.transaction(async (tx) => {
  for (let number = 0; number < 20; number++) {
    const name = `secret ${number}`;
    // loop:
    await tx.insert(organizations).values({ name }).returning();
  }
});
await client.end();
