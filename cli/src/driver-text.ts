import { is, SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { BadValue } from './bad-value.ts';

/**
 * The text of a value that drizzle would insert.
 *
 * @returns `null` for NULL
 * @throws {BadValue} for an expression of SQL, which COPY does not evaluate
 */
export function driverText(column: PgColumn, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return textOf(is(value, SQL) ? value : column.mapToDriverValue(value));
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (is(value, SQL)) throw new BadValue('becomes an expression of SQL, and a load takes values only');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
