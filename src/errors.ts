/** Stable codes of this library's own errors. PostgreSQL's code is on `cause.code`. */
export type ErrorCode =
  | 'BAD_OPTION'
  | 'BAD_REFERENCE'
  | 'FLUSH_FAILED'
  | 'INSERT_FAILED'
  | 'LOAD_FAILED'
  | 'MISMATCHED_ANSWER'
  | 'OUTCOME_UNKNOWN'
  | 'TRANSACTION_ENDED'
  | 'TRANSACTION_NOT_COMMITTED'
  | 'UNSUPPORTED_CLIENT';

/** The class of this library's own errors. Each has a stable `code`. */
export class BatchedDrizzleError extends Error {
  override readonly name: string = 'BatchedDrizzleError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why it is unknown whether rows were written. */
export const commitLost = 'the connection was lost after COMMIT was sent and before it was answered';

/** A column's mapping returned undefined, which the driver can't send. The code is the driver's. */
export class UndefinedValueError extends Error {
  readonly code = 'UNDEFINED_VALUE';

  constructor(column: string) {
    super(`column "${column}": its mapping gave undefined for a value`);
  }
}

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
 * The error of `flush()` when rows could not be written.
 *
 * `code` is `FLUSH_FAILED`, or `OUTCOME_UNKNOWN` if the connection was lost while COMMIT was on its way.
 *
 * `cause` is the first error, without the statement's parameters. On a database, which many callers may
 * share, it has only the code, the table and the constraint.
 */
export class FlushError extends BatchedDrizzleError {
  override readonly name = 'FlushError';

  constructor(
    /** One for each table whose rows were not written. */
    readonly failures: readonly TableFailure[],
    cause: Error,
    isUnknown = false,
  ) {
    const rows = countRows(failures.reduce((sum, failure) => sum + failure.rows, 0));
    const tables = failures.map(({ table, code }) => `${table} (${code ?? 'no code'})`).join(', ');
    super(
      isUnknown ? 'OUTCOME_UNKNOWN' : 'FLUSH_FAILED',
      isUnknown
        ? `flush has an unknown outcome, ${commitLost}: ${rows} of ${tables}`
        : `flush failed: ${rows} not written to ${tables}`,
      { cause },
    );
  }
}

/** A count of rows in words, `1 row` or `2,000 rows`, for messages. */
export function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`;
}

/** The code of an error: an SQLSTATE if the database answered, else the driver's code. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** JavaScript may throw any value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
