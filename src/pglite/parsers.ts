/** Cells as drizzle gets them from PGlite: by the parsers of the instance, but for the types that drizzle reads itself. */
import type { QueryOptions } from '@electric-sql/pglite';
import type { Statement } from '../driver/statement.ts';
import { Unreadable } from '../driver/unreadable.ts';

export type Parse = (text: string, typeOid?: number) => unknown;

export type Parsers = Readonly<Record<number | string, Parse | undefined>>;

/** timestamp, timestamptz, interval, date, and the arrays of numeric and of these. */
const leftAsText = [1114, 1184, 1186, 1082, 1231, 1115, 1185, 1187, 1182];

/** The parsers that drizzle gives to each query. */
export const drizzleParsers: Readonly<Record<number, (text: string) => unknown>> = Object.fromEntries(
  leftAsText.map((typeOid) => [typeOid, (text: string) => text]),
);

/** The options that drizzle gives to a query. PGlite shows them on its errors. */
export function queryOptions(rowMode: 'array' | 'object'): QueryOptions {
  return { rowMode, parsers: { ...drizzleParsers } };
}

export function parserOf(parsers: Parsers, typeOid: number): Parse | undefined {
  return drizzleParsers[typeOid] ?? parsers[typeOid];
}

/** The cell of an answer; `Unreadable` if a parser refuses it and the statement asks for that. */
export function readCell(
  text: string | null,
  typeOid: number,
  parsers: Parsers,
  kind: Statement['answer'],
): unknown {
  if (text === null || kind === 'raw') return text;
  try {
    const parse = parserOf(parsers, typeOid);
    return parse ? parse(text, typeOid) : text;
  } catch (error) {
    if (kind === 'values') throw error;
    return new Unreadable(error);
  }
}
