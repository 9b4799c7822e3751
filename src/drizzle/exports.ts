/**
 * drizzle's classes and functions for other folders. Only this folder and `database/` import drizzle's
 * values.
 */
export {
  Column,
  DrizzleQueryError,
  getTableName,
  is,
  NoopLogger,
  Param,
  QueryPromise,
  SQL,
  StringChunk,
} from 'drizzle-orm';
export { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
