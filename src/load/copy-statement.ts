/** Rows as one `COPY … FROM STDIN`. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { defaultMarker } from '../write/copy-text.ts';
import type { Run } from './chunk.ts';

/**
 * @example
 * copy "users" ("name", "age") from stdin with (default E'\\D')
 */
export function copyStatement(dialect: PgDialect, shape: TableShape, { columns, hasDefaults }: Run): string {
  const names = columns.map((column) => dialect.escapeName(columnAt(shape, column).name));
  // Whether a backslash in a plain string is one is a setting of the session.
  const marker = hasDefaults ? ` with (default E'${defaultMarker.replace('\\', '\\\\')}')` : '';
  return `copy ${shape.name} (${names.join(', ')}) from stdin${marker}`;
}

/**
 * Which line of a COPY the server's error speaks of, from 0, and which column by its name in the database: it says so in the
 * error's context, in whatever language.
 */
export function lineOf(
  error: unknown,
  relation: string,
): { line: number; column: string | undefined } | undefined {
  const { where } = error as { where?: unknown };
  if (typeof where !== 'string') return undefined;
  const start = `COPY ${relation}, `;
  const context = where.split('\n').find((line) => line.startsWith(start));
  const { number, column } = place.exec(context?.slice(start.length) ?? '')?.groups ?? {};
  return number === undefined ? undefined : { line: Number(number) - 1, column };
}

/** `line 3, column age: "x"`, and where the value is not told, `line 3` or `line 3: "…"`. */
const place = /^[^\d:]*(?<number>\d+)(?:, [^\s:]+ (?<column>.+?): )?/s;
