/** What a column of drizzle is called, and how it takes values. */
import { Column, type SQL, Table } from 'drizzle-orm';
import type { PgColumn, PgDialect, PgTable } from 'drizzle-orm/pg-core';

/** The column's name in the database, after `casing`. */
export function columnName(dialect: PgDialect, column: Column): string {
  return (dialect as any).casing.getColumnCasing(column);
}

/** The table's name in drizzle's cache. */
export function cacheName(table: PgTable): string {
  const schema: string | undefined = (table as any)[(Table as any).Symbol.Schema];
  const base: string = (table as any)[(Table as any).Symbol.BaseName];
  return schema ? `${schema}.${base}` : base;
}

/** Makes of a value what drizzle passes to the driver; `undefined` if that is the value itself. */
export function encoderOf(_dialect: PgDialect, column: PgColumn): ((value: unknown) => unknown) | undefined {
  if (column.mapToDriverValue === Column.prototype.mapToDriverValue) return undefined;
  return (value) => column.mapToDriverValue(value);
}

/** What drizzle writes around each parameter; `undefined` for the parameter alone. */
export function castOf(_dialect: PgDialect, _column: PgColumn): ((mapped: unknown) => SQL) | undefined {
  return undefined;
}

/** A value of a row as plain drizzle shows it among the parameters of a statement. */
export function shownParam(cell: unknown): unknown {
  return cell;
}

/** drizzle never names the column in an INSERT: its value is generated from others. */
export function isLeftOut(column: PgColumn): boolean {
  return (column as any).shouldDisableInsert();
}

/** drizzle ignores what is given for the column, unless the insert is `overridingSystemValue()`. */
export function isIgnored(_column: PgColumn): boolean {
  return false;
}

/** The columns of `returning()` that are not returned by their plain name, with what is. */
export function returnedTexts(
  _dialect: PgDialect,
  _columns: readonly PgColumn[],
): ReadonlyMap<string, string> {
  return nothing;
}

const nothing: ReadonlyMap<string, string> = new Map();
