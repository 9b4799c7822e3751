/** The arguments of `load()` → a load that is ready to run. */
import type { PgDialect, PgTable } from 'drizzle-orm/pg-core';
import { conflictClause } from '../drizzle/insert.ts';
import type { Rendered } from '../drizzle/render.ts';
import { type TableShape, tableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { renderSnapshot } from '../take/rows.ts';
import { Load } from './load.ts';
import { checkArguments, type LoadOptions } from './options.ts';
import type { LoadTarget } from './request.ts';

/** @throws {BatchedDrizzleError} `BAD_OPTION`, with the argument, the given value and the allowed values */
export function makeLoad<TTable extends PgTable>(
  table: TTable,
  rows: unknown,
  options: LoadOptions<TTable> | undefined,
  dialect: PgDialect,
  target: LoadTarget,
): Load<TTable> {
  checkArguments(table, rows, options, target.isNested);
  const shape = tableShape(dialect, table);
  const conflict = conflictOf(shape, options?.onConflict as LoadOptions['onConflict']);
  return new Load({ target, shape, rows, options: (options ?? {}) as LoadOptions, conflict });
}

/** The conflict clause as drizzle writes it. */
function conflictOf(shape: TableShape, onConflict: LoadOptions['onConflict']): Rendered | undefined {
  if (onConflict === undefined || onConflict === 'error') return undefined;
  const clause =
    onConflict === 'nothing'
      ? conflictClause(shape, 'onConflictDoNothing', {})
      : conflictClause(shape, 'onConflictDoUpdate', onConflict.update);
  const rendered = renderSnapshot(shape.dialect, clause);
  if (!rendered) {
    throw new BatchedDrizzleError('BAD_OPTION', 'load: onConflict: a placeholder is not allowed');
  }
  return rendered;
}
