/** The head of an INSERT, and the names of its columns. Pure. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import { columnAt, type TableShape } from '../drizzle/table.ts';

/** `insert into t (a, b)`, up to where the rows begin. */
export function insertHead(
  dialect: PgDialect,
  shape: TableShape,
  columns: readonly number[],
  isOverriding: boolean,
): string {
  const names = columns.length === 0 ? '' : ` (${columnList(dialect, shape, columns)})`;
  return `insert into ${shape.name}${names}${isOverriding ? ' overriding system value' : ''}`;
}

/** The quoted names of columns, `"id", "name"`. */
export function columnList(dialect: PgDialect, shape: TableShape, columns: readonly number[]): string {
  return columns.map((column) => quotedName(dialect, shape, column)).join(', ');
}

export function quotedName(dialect: PgDialect, shape: TableShape, column: number): string {
  return dialect.escapeName(columnAt(shape, column).name);
}
