// The library on pg: a transaction that queues its inserts, and an insert on the database.
import pg from 'pg';
import { batchedDrizzle } from '../../../src/node-postgres.ts';
import { organizations } from '../schema.ts';

const client = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
const db = batchedDrizzle(client);

// The connection is up then, so that BEGIN does not wait for it.
await client.query('select 1');
await db.transaction(async (tx) => {
  for (let number = 0; number < 10; number++) {
    const name = `o ${number}`;
    // queued:
    tx.insert(organizations).values({ name });
  }
});
// alone:
await db.insert(organizations).values({ name: 'alone' });
await client.end();
