import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from 'postgres';

/** Runs the migrations of drizzle 0.45, which the migrator of 1.0 does not read. */
export async function runMigrations(sql: Sql, migrationsFolder: string): Promise<void> {
  const { entries } = JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8'));
  for (const { tag } of entries) await sql.file(join(migrationsFolder, `${tag}.sql`));
}
