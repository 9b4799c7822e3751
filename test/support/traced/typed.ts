// TypeScript, run by tsx: a type that leaves lines out of the program that runs.
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { organizations } from '../schema.ts';

interface Named {
  readonly name: string;
}

const named: readonly Named[] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
const client = postgres(process.env.DATABASE_URL ?? '', { max: 1 });
const db = drizzle(client);

for (const { name } of named) {
  // loop:
  await db.insert(organizations).values({ name });
}
await client.end();
