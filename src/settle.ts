/** What became of a flush → the outcomes of its entries, which settle the callers' promises. */
import type { Entry, Outcome } from './entry.ts';
import { asError, BatchedInsertError, codeOf, FlushError, type TableFailure } from './errors.ts';
import type { FlushFailure } from './flush.ts';
import { withoutStatement } from './postgres-facts.ts';

/** Settles entries that were written. */
export function fulfil(outcomes: ReadonlyMap<Entry, Outcome>): void {
  for (const [entry, outcome] of outcomes) entry.conclude(outcome);
}

/** Rejects entries each with an error of its own. */
export function rejectEach(rejected: ReadonlyMap<Entry, Error>): FlushFailure | undefined {
  const failures: TableFailure[] = [];
  for (const [entry, error] of rejected) {
    entry.conclude({ error });
    failures.push({ table: entry.shape.name, rows: entry.rows.length, code: codeOf(causeOf(error)) });
  }
  const [first] = rejected.values();
  return first && { error: new FlushError(failures, causeOf(first)), cause: causeOf(first) };
}

function causeOf(error: Error): Error {
  return asError(error.cause ?? error);
}

/**
 * Rejects every entry of a failed flush that is not settled yet, each with its own statement and without
 * another's values.
 *
 * @param culprit the entry whose statement failed, where it held no other's rows
 * @param isShared whether the entries may belong to callers who must not learn of each other
 */
export function rejectAll(
  entries: readonly Entry[],
  thrown: unknown,
  culprit: Entry | undefined,
  isShared: boolean,
): FlushFailure {
  const cause = withoutStatement(asError(thrown));
  const hidden = isShared && entries.length > 1 ? withoutValues(cause) : cause;
  const open = entries.filter(({ outcome }) => !outcome);
  for (const entry of open) {
    entry.conclude({ error: new BatchedInsertError(entry.own, entry === culprit ? cause : hidden) });
  }
  return { error: new FlushError(countFailures(open, codeOf(cause)), hidden), cause };
}

function countFailures(entries: readonly Entry[], code: string | undefined): TableFailure[] {
  const rows = new Map<string, number>();
  for (const entry of entries)
    rows.set(entry.shape.name, (rows.get(entry.shape.name) ?? 0) + entry.rows.length);
  return [...rows].map(([table, count]) => ({ table, rows: count, code }));
}

/** The database's error with its code, table and constraint; its words may hold another caller's values. */
function withoutValues(error: Error): Error {
  const { severity, code, schema_name, table_name, constraint_name, column_name } =
    error as unknown as Record<string, unknown>;
  if (severity === undefined) return error;
  const where = table_name === undefined ? '' : ` on table "${table_name}"`;
  const fields = { message: `another insert of the same batch failed with ${code}${where}` };
  const kept = { severity, code, schema_name, table_name, constraint_name, column_name };
  return new (error.constructor as new (fields: object) => Error)({ ...kept, ...fields });
}
