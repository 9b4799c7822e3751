import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import postgres, { type Sql } from 'postgres';
import { runMigrations } from './migrate.ts';

/** The migrations of `schema.ts`. */
export const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** A database of our own on the server. All such databases have names that start with `batched_drizzle_`. */
export interface Database {
  readonly name: string;
  readonly url: string;
  create(): Promise<void>;
  /** Drops the database, and ends the connections to it. */
  drop(): Promise<void>;
}

/** Names an empty database, or a copy of `template`. Its URL is known before `create()`. */
export function nameDatabase(serverUrl: string, template = 'template1'): Database {
  const name = `batched_drizzle_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = name;
  return {
    name,
    url: url.href,
    async create() {
      await withClient(serverUrl, (sql) => sql`create database ${sql(name)} template ${sql(template)}`);
    },
    async drop() {
      await withClient(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
    },
  };
}

export async function createDatabase(serverUrl: string): Promise<Database> {
  const database = nameDatabase(serverUrl);
  await database.create();
  return database;
}

/** Creates the tables of `schema.ts`, by the migrations that drizzle-kit generated from it. */
export function migrateDatabase(url: string): Promise<void> {
  return withClient(url, (sql) => runMigrations(sql, migrationsFolder));
}

/** The server's major version. */
export function majorVersion(url: string): Promise<number> {
  return withClient(url, async (sql) => {
    const [row] = await sql`select current_setting('server_version_num')::int / 10000 as major`;
    return row?.major as number;
  });
}

async function withClient<T>(url: string, work: (sql: Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
