import { QueryError } from '../drizzle/query-error.ts';
import { codeOf, commitLost, countRows } from '../errors.ts';
import type { OwnInsert } from '../take/insert-error.ts';

/** The failure of one table in a flush: codes and counts, never values. */
export interface TableFailure {
  /** The table as it is written in SQL. */
  readonly table: string;
  /** Rows that were not written. */
  readonly rows: number;
  /** The SQLSTATE of the database, or the driver's code; `undefined` if the error has none. */
  readonly code: string | undefined;
}

/**
 * The error of `flush()` when rows could not be written: a `DrizzleQueryError`, like that of a statement.
 *
 * `batchCode` is `FLUSH_FAILED`, or `OUTCOME_UNKNOWN` if the connection was lost while COMMIT was on its way.
 *
 * `cause` is the first error, without the statement's parameters. On a database, which many callers may
 * share, it has only the code, the table and the constraint. `query` and `params` are those of the insert that failed, or
 * empty: on a database, and if several inserts shared the statement.
 */
export class FlushError extends QueryError {
  static {
    QueryError.rename(FlushError, 'BatchedFlushError');
  }

  /** One for each table whose rows were not written. */
  declare readonly failures: readonly TableFailure[];

  constructor(
    failures: readonly TableFailure[],
    cause: Error,
    {
      isUnknown = false,
      culprit,
    }: { readonly isUnknown?: boolean; readonly culprit?: OwnInsert | undefined } = {},
  ) {
    const code = isUnknown ? 'OUTCOME_UNKNOWN' : 'FLUSH_FAILED';
    super(summarizeFailure({ code, failures }), cause, { batchCode: code, failures });
    Error.captureStackTrace(this, FlushError);
    if (culprit) this.describeBy(() => culprit.describe());
  }
}

/** What a failure may tell to others than its caller. The error itself has causes, whose messages may contain values. */
export interface FailureDescription {
  /** The code of the error that `flush()` rejects with. */
  readonly code: string | undefined;
  /** Rows that were not written, by table. Empty if the end of the transaction was refused. */
  readonly failures: readonly TableFailure[];
}

export function describeFailure(error: Error): FailureDescription {
  if (error instanceof FlushError) return { code: error.batchCode, failures: error.failures };
  return { code: codeOf(error), failures: [] };
}

/** A failure in words: tables, counts and codes. */
export function summarizeFailure({ code, failures }: FailureDescription): string {
  if (failures.length === 0) return `flush failed (${code ?? 'no code'})`;
  const rows = countRows(failures.reduce((sum, failure) => sum + failure.rows, 0));
  const tables = failures.map(({ table, code }) => `${table} (${code ?? 'no code'})`).join(', ');
  return code === 'OUTCOME_UNKNOWN'
    ? `flush has an unknown outcome, ${commitLost}: ${rows} of ${tables}`
    : `flush failed: ${rows} not written to ${tables}`;
}
