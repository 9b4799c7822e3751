/** Parsers of JSON values. A value of a type that JSON lacks (a date, bigint or bytes) is text, as in CSV. */
import { is } from 'drizzle-orm';
import { PgArray, type PgColumn } from 'drizzle-orm/pg-core';
import { BadValue } from './bad-value.ts';
import { textParser } from './column-parsers.ts';
import { isExact } from './parse-number.ts';

/** @throws {BadValue} for a value that the column can't take */
export type JsonParser = (value: unknown) => unknown;

/** Called once for a column. The parser is used for each of its values except null. */
export function jsonParser(column: PgColumn): JsonParser {
  if (column.columnType === 'PgJson' || column.columnType === 'PgJsonb') return (value) => value;
  const parseText = textParser(column);
  const parseArray = is(column, PgArray) ? elementsParser(column.baseColumn as PgColumn) : undefined;
  return (value) => {
    if (typeof value === 'string') return parseText(value);
    if (typeof value === 'number' && isNumeric(column)) return parseText(numberText(value));
    if (typeof value === 'boolean' && column.dataType === 'boolean') return value;
    if (Array.isArray(value) && parseArray) return parseArray(value);
    // In drizzle, points and vectors are arrays or objects, and a custom type may be any value.
    if (value !== null && typeof value === 'object' && /^(?:array|json|custom)$/.test(column.dataType))
      return value;
    throw new BadValue(`is ${kindOf(value)}, and the column is ${column.getSQLType()}`);
  };
}

function isNumeric(column: PgColumn): boolean {
  return /^(?:number|bigint)$/.test(column.dataType) || column.columnType === 'PgNumeric';
}

/** Refuses numbers that a double can't hold, since JSON.parse has already rounded them. */
function numberText(value: number): string {
  const text = String(value);
  if (!Number.isSafeInteger(value) && !isExact(text)) {
    throw new BadValue('may have lost digits as a number of JSON; write it as a string');
  }
  return text;
}

function elementsParser(element: PgColumn): (values: readonly unknown[]) => unknown[] {
  const parse = jsonParser(element);
  return (values) => values.map((value) => (value === null ? null : parse(value)));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
