/** Stable codes of the errors that this library itself raises; PostgreSQL's own are on `cause.code`. */
export type ErrorCode =
  | 'BAD_OPTION'
  | 'BAD_REFERENCE'
  | 'FACTS_CHANGED'
  | 'FLUSH_FAILED'
  | 'INSERT_FAILED'
  | 'LOAD_FAILED'
  | 'MISMATCHED_ANSWER'
  | 'OUTCOME_UNKNOWN'
  | 'TRANSACTION_ENDED'
  | 'TRANSACTION_NOT_COMMITTED'
  | 'UNSUPPORTED_CLIENT';

/** Anything this library reports on its own account, with a stable `code`. */
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

/** Why nobody can tell whether rows were written. */
export const commitLost = 'the connection was lost after COMMIT was sent and before it was answered';

/** A column whose mapping gives undefined for a value, which the driver can't send; the code is the driver's. */
export class UndefinedValueError extends Error {
  readonly code = 'UNDEFINED_VALUE';

  constructor(column: string) {
    super(`column "${column}": its mapping gave undefined for a value`);
  }
}

/** What went wrong in a flush, by table: codes and counts, no values. */
export interface TableFailure {
  readonly table: string;
  readonly rows: number;
  /** SQLSTATE of the database, or the driver's code; `undefined` where the error has none. */
  readonly code: string | undefined;
}

/**
 * `flush()` could not write everything; `cause` is the first error, without the statement's parameters. On a database,
 * which many may share, it has the code, table and constraint, and no more.
 */
export class FlushError extends BatchedDrizzleError {
  override readonly name = 'FlushError';

  constructor(
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

export function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`;
}

/** The code of a driver's error, an SQLSTATE where the database answered. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
