import { existsSync, readFileSync } from 'node:fs';
import type { Options } from 'postgres';
import { CommandError } from './command-error.ts';
import { importModule } from './import-module.ts';
import type { Casing } from './target-columns.ts';

/** A database: a URL, or the options of postgres.js. */
export type Database = string | Options<Record<string, never>>;

/** What the command needs of drizzle-kit's configuration. */
export interface DrizzleConfig {
  /** Paths and globs of the modules of tables. */
  readonly schema: readonly string[];
  readonly database: Database | undefined;
  readonly casing: Casing | undefined;
}

/** The names that drizzle-kit looks for, in its order. */
const names = ['drizzle.config.ts', 'drizzle.config.js', 'drizzle.config.json'];

/**
 * Reads drizzle-kit's configuration, of which paths are relative to the working directory, as for drizzle-kit.
 *
 * @throws {CommandError} if there is none, or if it is of another database
 */
export async function readConfig(given: string | undefined): Promise<DrizzleConfig> {
  const path = given ?? names.find((name) => existsSync(name));
  if (path === undefined) throw new CommandError('no schema: give --schema, or make a drizzle.config.ts');
  if (!existsSync(path)) throw new CommandError(`--config ${path}: no such file`);
  const { dialect, schema, casing, dbCredentials } = await load(path);
  if (dialect !== undefined && dialect !== 'postgresql')
    throw new CommandError(
      `${path}: the dialect is ${String(dialect)}, and the command loads into PostgreSQL`,
    );
  return {
    schema: [schema ?? []].flat() as string[],
    database: databaseOf(dbCredentials as Record<string, unknown> | undefined),
    casing: casing as Casing | undefined,
  };
}

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'));
    const { default: config } = await importModule(path);
    if (typeof config === 'object' && config !== null) return config as Record<string, unknown>;
  } catch (cause) {
    throw new CommandError(`${path} can't be loaded: ${(cause as Error).message}`, undefined, { cause });
  }
  throw new CommandError(`${path} has no configuration as its default export`);
}

/** drizzle-kit takes a URL, or the parts of one. */
function databaseOf(credentials: Record<string, unknown> = {}): Database | undefined {
  const { url, host, port, user, password, database, ssl } = credentials;
  if (typeof url === 'string' && url !== '') return url;
  if (host === undefined) return undefined;
  const parts = { host, port, user, password, database, ssl };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}
