import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getTableName, is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { CommandError } from './command-error.ts';

/** The exports of a module of drizzle tables. */
export type SchemaModule = Record<string, unknown>;

/** @throws {CommandError} if the file is missing or fails to load */
export async function importSchema(path: string): Promise<SchemaModule> {
  const file = resolve(path);
  if (!existsSync(file)) throw new CommandError(`--schema ${path}: no such file`);
  try {
    const isTypeScript = /^\.[cm]?tsx?$/.test(extname(file));
    return exportsOf(isTypeScript ? await importTypeScript(file) : await import(pathToFileURL(file).href));
  } catch (cause) {
    throw new CommandError(`--schema ${path} can't be loaded: ${(cause as Error).message}`, undefined, {
      cause,
    });
  }
}

/**
 * Imports with tsx, which also resolves imports without an extension. Node's own type stripping does not. tsx is loaded
 * here, since a schema in JavaScript does not need it.
 */
async function importTypeScript(file: string): Promise<SchemaModule> {
  const [commonJs, modules] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')]);
  // Both, since a project without `"type": "module"` has a schema that is a CommonJS module.
  const registered = [commonJs.register(), modules.register()];
  try {
    // Node 20 does not call the hooks for what an imported `.cts` file imports itself.
    return extname(file) === '.cts'
      ? commonJs.require(file, import.meta.url)
      : await import(pathToFileURL(file).href);
  } finally {
    for (const unregister of registered) await unregister();
  }
}

/** The default export of a CommonJS module has all of its exports. Node finds only some of their names. */
function exportsOf(module: SchemaModule): SchemaModule {
  const { default: all } = module;
  return typeof all === 'object' && !is(all, PgTable) ? { ...module, ...all } : module;
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
