// drizzle-seed on plain drizzle: statements that a package builds when it is awaited.
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { seed } from 'drizzle-seed';
import postgres from 'postgres';

const seeded = pgTable('seeded', { id: integer().primaryKey(), name: text() });

const client = postgres(process.env.DATABASE_URL, { max: 1 });
// create:
await client`create temporary table seeded (id integer primary key, name text)`;
await seed(drizzle(client), { seeded }, { count: 5 });
await client.end();
