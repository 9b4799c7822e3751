/**
 * Parsers from the text of a field to the column's type in `$inferInsert`. drizzle maps the result like any
 * other value.
 */
import { is } from 'drizzle-orm';
import { PgArray, type PgColumn } from 'drizzle-orm/pg-core';
import { BadValue } from './bad-value.ts';
import { type ArrayLiteral, parseArrayLiteral } from './parse-array.ts';
import { parseInstant } from './parse-instant.ts';
import {
  integerParser,
  parseBigInteger,
  parseDecimal,
  parseExactNumber,
  parseFloating,
  parseInt8,
  parseSafeInteger,
} from './parse-number.ts';

/** @throws {BadValue} for text that the column can't take */
export type TextParser = (text: string) => unknown;

const int2 = integerParser(2 ** 15 - 1);
const int4 = integerParser(2 ** 31 - 1);

/** Parsers by drizzle's `columnType`. `textParser` chooses one for the types that are not listed here. */
const byType: Record<string, TextParser> = {
  PgSmallInt: int2,
  PgSmallSerial: int2,
  PgInteger: int4,
  PgSerial: int4,
  PgBigInt53: parseSafeInteger,
  PgBigSerial53: parseSafeInteger,
  PgBigInt64: parseInt8,
  PgBigSerial64: parseInt8,
  PgReal: parseFloating,
  PgDoublePrecision: parseFloating,
  PgNumeric: parseDecimal,
  PgNumericNumber: parseExactNumber,
  PgNumericBigInt: parseBigInteger,
  PgBoolean: parseBoolean,
  PgDate: parseInstant,
  PgTimestamp: parseInstant,
  PgJson: parseJson,
  PgJsonb: parseJson,
  PgUUID: parseUuid,
};

/** Called once for a column. The parser is used for each of its fields. */
export function textParser(column: PgColumn): TextParser {
  const known = byType[column.columnType];
  if (known) return known;
  if (is(column, PgArray)) return arrayParser(column.baseColumn as PgColumn);
  if (column.enumValues) return enumParser(column.enumValues);
  if (column.dataType === 'string') return (text) => text;
  return column.getSQLType() === 'bytea'
    ? (text) => column.mapFromDriverValue(parseBytes(text))
    : (text) => column.mapFromDriverValue(text);
}

/** The prefixes that PostgreSQL accepts as a boolean. */
const booleans = new Map<string, boolean>([
  ...['t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1'].map((text) => [text, true] as const),
  ...['f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0'].map((text) => [text, false] as const),
]);

function parseBoolean(text: string): boolean {
  const value = booleans.get(text) ?? booleans.get(text.trim().toLowerCase());
  if (value === undefined) throw new BadValue('is not a boolean like true, f or 0');
  return value;
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadValue('is not JSON', { cause });
  }
  // drizzle writes a null as the NULL of SQL, which is a different value.
  if (value === null) throw new BadValue('is the null of JSON; an empty field is NULL');
  return value;
}

const uuid = /^\s*\{?[\da-f]{4}(?:-?[\da-f]{4}){7}\}?\s*$/i;

function parseUuid(text: string): string {
  if (!uuid.test(text)) throw new BadValue('is not a UUID');
  return text;
}

function parseBytes(text: string): Buffer {
  if (!/^\\x(?:[\da-f]{2})*$/i.test(text)) throw new BadValue('is not bytes like \\xdeadbeef');
  return Buffer.from(text.slice(2), 'hex');
}

function enumParser(values: readonly string[]): TextParser {
  const allowed = new Set(values);
  return (text) => {
    if (!allowed.has(text)) throw new BadValue(`is none of ${values.join(', ')}`);
    return text;
  };
}

function arrayParser(element: PgColumn): TextParser {
  const elements = elementsParser(element);
  return (text) => elements(parseArrayLiteral(text));
}

/** In drizzle an array of several dimensions is an array of arrays. */
function elementsParser(element: PgColumn): (literal: ArrayLiteral) => unknown[] {
  const parseArray = is(element, PgArray) ? elementsParser(element.baseColumn as PgColumn) : undefined;
  const parseText = parseArray ? undefined : textParser(element);
  return (literal) =>
    literal.map((item) => {
      if (item === null) return null;
      const value = typeof item === 'string' ? parseText?.(item) : parseArray?.(item);
      if (value === undefined) throw new BadValue('has another number of dimensions than the column');
      return value;
    });
}
