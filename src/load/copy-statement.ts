/** Rows as one `COPY … FROM STDIN`. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { TableShape } from '../drizzle/table.ts';
import { defaultMarker } from '../write/copy-text.ts';
import { columnList } from '../write/insert-head.ts';
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
