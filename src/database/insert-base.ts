import type { ColumnsSelection } from 'drizzle-orm';
import { PgInsertBase, type PgQueryResultHKT, type PgTable } from 'drizzle-orm/pg-core';

/** drizzle's class of inserts. */
export const InsertBase = PgInsertBase;

/** What `String(insert)` shows: it is a promise of drizzle's. */
export const insertTag: string | undefined = 'QueryPromise';

export type LeanInsertConstructor = new <
  TTable extends PgTable,
  TQueryResult extends PgQueryResultHKT,
  TSelectedFields extends ColumnsSelection | undefined = undefined,
  TReturning extends Record<string, unknown> | undefined = undefined,
  TDynamic extends boolean = false,
  TExcludedMethods extends string = never,
>() => PgInsertBase<TTable, TQueryResult, TSelectedFields, TReturning, TDynamic, TExcludedMethods>;
