/** The types of a statement's parameters, as far as drizzle's schema tells them. */
import { is, Param, type Query } from 'drizzle-orm';
import type { PgDialect } from 'drizzle-orm/pg-core';
import { rowCounts } from './row-count.ts';

/** The type of each parameter as the schema names it; `undefined` where only the server knows it. */
export type ParamTypes = readonly (string | undefined)[];

const notTyped = 'none';

/**
 * drizzle asks its dialect for a hint about each parameter that stands for a column, and hands the hints to the session. On
 * postgres.js nobody reads them, and `toSQL()` leaves them out. The column's type tells more than drizzle's own hints do.
 */
export function hintTypes(dialect: PgDialect): void {
  (dialect as any).prepareTyping = typeOfEncoder;
}

function typeOfEncoder(encoder: { getSQLType?: () => string }): string {
  return encoder.getSQLType?.() ?? notTyped;
}

/** @param params those of the prepared statement, among them placeholders, which have no hint */
export function paramTypes(query: Query): ParamTypes {
  const { sql, params, typings = [] } = query as Query & { typings?: string[] };
  if (params.length === 0) return [];
  // A part of the statement without hints would move the others.
  const hints: readonly string[] = typings.length === params.length ? typings : [];
  let counts: ReadonlySet<number> | undefined;
  return params.map((param, index) => {
    const hint = hints[index];
    if (hint !== undefined && hint !== notTyped) return hint;
    if (is(param, Param)) return (param.encoder as { getSQLType?: () => string }).getSQLType?.();
    counts ??= rowCounts(sql);
    return counts.has(index + 1) ? 'bigint' : undefined;
  });
}
