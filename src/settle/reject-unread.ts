import { codeOf } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import type { FlushFailure } from './failures.ts';
import { FlushError } from './flush-error.ts';

/** Rejects entries that are not written, since the code for that can't be read. */
export function rejectUnread(entries: readonly Entry[], error: Error): FlushFailure | undefined {
  const rows = new Map<string, number>();
  for (const entry of entries) {
    entry.conclude({ error: new BatchedInsertError(ownInsert(entry), error) });
    rows.set(entry.shape.name, (rows.get(entry.shape.name) ?? 0) + entry.count);
  }
  if (rows.size === 0) return undefined;
  const tables = [...rows].map(([table, rows]) => ({ table, rows, code: codeOf(error) }));
  return { error: new FlushError(tables, error), cause: error };
}
