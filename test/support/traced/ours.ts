// The library: a transaction that queues its inserts, and an insert on the database.
import postgres from 'postgres';
import { batchedDrizzle } from '../../../src/index.ts';
import { organizations } from '../schema.ts';

const client = postgres(process.env.DATABASE_URL ?? '', { max: 1 });
const db = batchedDrizzle(client);

// The connection is up then, so that BEGIN does not wait for it.
await client`select 1`;
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
