/** What travels ahead of a pipeline whose order counts. Pure. */
import type { Statement } from '../driver/statement.ts';
import type { Entry } from '../take/entry.ts';
import { haltQuery } from '../write/key-query.ts';
import { makeToken } from '../write/write-flight.ts';
import type { PipelinedTransaction } from './write-transaction.ts';

/** @returns a token for a pipeline that may have to be halted: one of several tables */
export function haltableToken(entries: readonly Entry[]): string | undefined {
  const [first] = entries;
  return entries.some(({ shape }) => shape.table !== first?.shape.table) ? makeToken() : undefined;
}

/**
 * A transaction whose table has changed is refused and sent again. By then those of other tables behind it would
 * have been written, although they may see its rows. So the tables are compared once ahead of all, and a change
 * halts the whole pipeline.
 *
 * @returns no statement if nothing of another table is behind a transaction that compares its own
 */
export function haltAhead(
  transactions: readonly PipelinedTransaction[],
  pipeline: string | undefined,
): Statement[] {
  const first = transactions.findIndex(({ compared }) => compared.length > 0);
  const behind = first < 0 ? [] : transactions.slice(first);
  const tables = new Set(behind.map(({ entry }) => entry.shape.table));
  if (pipeline === undefined || tables.size < 2) return [];
  const compared = new Map(behind.flatMap((transaction) => transaction.compared));
  return [haltQuery([...compared], pipeline)];
}
