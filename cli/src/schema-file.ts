import { existsSync, statSync } from 'node:fs';
import { getTableName, is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { CommandError } from './command-error.ts';
import { importModule } from './import-module.ts';

/** The exports of the modules of drizzle tables. */
export type SchemaModule = Record<string, unknown>;

/**
 * Imports the modules that paths, globs and folders name, as drizzle-kit finds them.
 *
 * @throws {CommandError} if a path names no module, or if a module fails to load
 */
export async function importSchema(paths: readonly string[]): Promise<SchemaModule> {
  const schema: SchemaModule = {};
  for (const path of paths) {
    const files = await filesOf(path);
    if (files.length === 0) throw new CommandError(`--schema ${path}: no such file`);
    for (const file of files) {
      try {
        Object.assign(schema, await importModule(file));
      } catch (cause) {
        throw new CommandError(`--schema ${file} can't be loaded: ${(cause as Error).message}`, undefined, {
          cause,
        });
      }
    }
  }
  return schema;
}

const moduleName = /\.[cm]?[jt]s$/;

/** A folder stands for the modules in it. A path that exists is no glob, whatever its characters are. */
async function filesOf(path: string): Promise<string[]> {
  if (existsSync(path) && !statSync(path).isDirectory()) return [path];
  const { globSync } = await import('tinyglobby');
  const options = { onlyFiles: false, expandDirectories: false };
  const found = existsSync(path) ? [path] : globSync(path, options).toSorted();
  return found.flatMap((each) =>
    statSync(each).isDirectory()
      ? globSync('*', { cwd: each, absolute: true })
          .filter((file) => moduleName.test(file))
          .toSorted()
      : [each],
  );
}

/**
 * Finds a table by the name of its export, or by its name in the database, with or without the schema.
 *
 * @throws {CommandError} with the names of all tables, if no table matches
 */
export function findTable(schema: SchemaModule, wanted: string): PgTable {
  const tables = Object.entries(schema).filter((entry): entry is [string, PgTable] => is(entry[1], PgTable));
  const found =
    tables.find(([exported]) => exported === wanted) ??
    tables.find(([, table]) => [getTableName(table), qualifiedName(table)].includes(wanted));
  if (found) return found[1];
  const names = tables.map(([exported]) => exported).join(', ') || 'none';
  throw new CommandError(`--table ${wanted}: no such table; the schema exports: ${names}`);
}

/** The name in the database, prefixed with the schema if the table declares one. */
export function qualifiedName(table: PgTable): string {
  const { schema, name } = getTableConfig(table);
  return schema === undefined ? name : `${schema}.${name}`;
}
