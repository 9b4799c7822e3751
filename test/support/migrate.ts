import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';

/** Runs the migrations that drizzle-kit has generated. */
export async function runMigrations(client: Sql, migrationsFolder: string): Promise<void> {
  await migrate(drizzle({ client }), { migrationsFolder });
}
