import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type * as schema from './schema.ts';

/** The common type of plain drizzle and ours: a database, or a transaction of one. */
export type Database = PgDatabase<PostgresJsQueryResultHKT, typeof schema>;
