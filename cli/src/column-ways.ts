/** Which columns the server reads, and which need JavaScript. */
import { is } from 'drizzle-orm';
import { PgArray, type PgColumn } from 'drizzle-orm/pg-core';
import { BadRow } from './bad-row.ts';
import { BadValue } from './bad-value.ts';
import { driverText } from './driver-text.ts';
import { type ArrayLiteral, parseArrayLiteral } from './parse-array.ts';
import type { TargetColumn } from './target-columns.ts';

/** Whether a custom type has a `toDriver`, which must see each value. */
export function needsJavaScript(column: PgColumn): boolean {
  if (is(column, PgArray)) return needsJavaScript(column.baseColumn as PgColumn);
  return typeof (column as { mapTo?: unknown }).mapTo === 'function';
}

/** Whether drizzle makes a value for each row that lacks it, by `$defaultFn` or `$onUpdateFn`. */
export function isMade({ column }: TargetColumn): boolean {
  return column.defaultFn !== undefined || (column.default === undefined && column.onUpdateFn !== undefined);
}

/** The text of a value that drizzle makes; `null` for NULL. */
export function makeText({ key, column }: TargetColumn): string | null {
  return attempt(key, undefined, () => driverText(column, (column.defaultFn ?? column.onUpdateFn)?.()));
}

/** The text that a custom type makes of a field: `fromDriver` reads it, and `toDriver` writes it. */
export function mapText({ key, column }: TargetColumn, text: string): string | null {
  return attempt(key, text, () => driverText(column, readValue(column, text)));
}

/** The text that a custom type makes of a value of JSON. */
export function mapValue({ key, column }: TargetColumn, value: unknown, raw: string): string | null {
  return attempt(key, raw, () =>
    driverText(column, typeof value === 'string' ? readValue(column, value) : value),
  );
}

function attempt(key: string, text: string | undefined, map: () => string | null): string | null {
  try {
    return map();
  } catch (cause) {
    throw new BadRow(cause instanceof BadValue ? cause.message : `does not fit: ${String(cause)}`, key, text);
  }
}

function readValue(column: PgColumn, text: string): unknown {
  if (!is(column, PgArray)) return column.mapFromDriverValue(text);
  const read = (literal: ArrayLiteral, element: PgColumn): unknown[] =>
    literal.map((item) => {
      if (item === null) return null;
      if (typeof item === 'string') return readValue(element, item);
      return read(item, is(element, PgArray) ? (element.baseColumn as PgColumn) : element);
    });
  return read(parseArrayLiteral(text), column.baseColumn as PgColumn);
}
