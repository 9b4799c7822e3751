/** The arguments of `load()` → a load that is ready to run. */
import { is, SQL } from 'drizzle-orm';
import { type PgDialect, PgInsertBase, type PgTable } from 'drizzle-orm/pg-core';
import { type InsertSession, insertConfig, type Rendered, tableShape } from '../drizzle-facts.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { renderSnapshot } from '../rows.ts';
import { Load } from './load.ts';
import { checkArguments, type LoadOptions } from './options.ts';
import type { LoadTarget } from './run-load.ts';

/** @throws {BatchedDrizzleError} `BAD_OPTION`, naming the argument, what was given and what is allowed */
export function makeLoad<TTable extends PgTable>(
  table: TTable,
  rows: unknown,
  options: LoadOptions<TTable> | undefined,
  dialect: PgDialect,
  session: InsertSession,
  target: LoadTarget,
): Load<TTable> {
  checkArguments(table, rows, options, target.isNested);
  const shape = tableShape(dialect, table);
  const conflict = conflictOf(table, options?.onConflict as LoadOptions['onConflict'], dialect, session);
  return new Load({ target, shape, rows, options: (options ?? {}) as LoadOptions, conflict });
}

/** The clause as drizzle writes it. */
function conflictOf(
  table: PgTable,
  onConflict: LoadOptions['onConflict'],
  dialect: PgDialect,
  session: InsertSession,
): Rendered | undefined {
  if (onConflict === undefined || onConflict === 'error') return undefined;
  const insert = new PgInsertBase(table, [], session, dialect);
  if (onConflict === 'nothing') insert.onConflictDoNothing();
  else insert.onConflictDoUpdate(onConflict.update as never);
  const clause = insertConfig(insert).onConflict;
  const rendered = is(clause, SQL) ? renderSnapshot(dialect, clause) : undefined;
  if (!rendered) {
    throw new BatchedDrizzleError('BAD_OPTION', 'load: onConflict: a placeholder is not allowed');
  }
  return rendered;
}
