import type { Sql } from 'postgres';
import { optionalPackage } from './optional-packages.ts';
import type { SchemaModule } from './schema-file.ts';
import type { Casing } from './target-columns.ts';

/**
 * Creates the tables of a schema in an empty database, by the statements of drizzle-kit's first migration.
 */
export async function makeTables(client: Sql, schema: SchemaModule, casing?: Casing): Promise<void> {
  const { generateDrizzleJson, generateMigration } = await optionalPackage(
    'drizzle-kit',
    () => import('drizzle-kit/api'),
    '--embedded without --migrations',
  );
  const [empty, wanted] = [
    generateDrizzleJson({}),
    generateDrizzleJson(schema, undefined, undefined, casing),
  ];
  for (const statement of await generateMigration(empty, wanted)) await client.unsafe(statement);
}
