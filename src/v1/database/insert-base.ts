import type { ColumnsSelection } from 'drizzle-orm';
import type { PgAsyncInsertBase as PgInsertBase, PgQueryResultHKT, PgTable } from 'drizzle-orm/pg-core';
import { PgAsyncInsertBase } from '../drizzle/async-classes.ts';

/** drizzle's class of inserts that can be awaited. */
export const InsertBase = PgAsyncInsertBase;

/** What `String(insert)` shows: it is a promise by a mixin, which leaves the name of a promise out. */
export const insertTag: string | undefined = undefined;

export type LeanInsertConstructor = new <
  TTable extends PgTable,
  TQueryResult extends PgQueryResultHKT,
  TSelectedFields extends ColumnsSelection | undefined = undefined,
  TReturning extends Record<string, unknown> | undefined = undefined,
  TDynamic extends boolean = false,
  TExcludedMethods extends string = never,
>() => PgInsertBase<TTable, TQueryResult, TSelectedFields, TReturning, TDynamic, TExcludedMethods>;
