/** Rows as one `COPY … FROM STDIN`. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { TableShape } from '../drizzle/table.ts';
import { columnList } from '../write/clauses.ts';
import { defaultMarker } from '../write/copy-text.ts';
import type { Run } from './load-chunk.ts';

/**
 * @example
 * copy "users" ("name", "age") from stdin with (default E'\\D')
 */
export function copyStatement(dialect: PgDialect, shape: TableShape, { columns, hasDefaults }: Run): string {
  // An E string, since a setting of the session decides how a plain string reads a backslash.
  const marker = hasDefaults ? ` with (default E'${defaultMarker.replace('\\', '\\\\')}')` : '';
  return `copy ${shape.name} (${columnList(dialect, shape, columns)}) from stdin${marker}`;
}

/** Where a COPY failed. */
export interface CopyLine {
  /** The line, from 0. */
  readonly line: number;
  /** The column's name in the database, if the server names one. */
  readonly column: string | undefined;
}

/** Reads the line and the column from the error's context, whose words depend on the server's language. */
export function lineOf(error: unknown, relation: string): CopyLine | undefined {
  const { where } = error as { where?: unknown };
  if (typeof where !== 'string') return undefined;
  const start = `COPY ${relation}, `;
  const context = where.split('\n').find((line) => line.startsWith(start));
  const found = context === undefined ? null : linePattern.exec(context.slice(start.length));
  return found ? { line: Number(found.groups?.number) - 1, column: found.groups?.column } : undefined;
}

/** `line 3, column age: "x"`; without the value `line 3` or `line 3: "…"`. */
const linePattern = /^[^\d:]*(?<number>\d+)(?:, [^\s:]+ (?<column>.+?): )?/s;
