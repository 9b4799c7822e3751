import { types } from 'node:util';

/** Stable codes of this library's own errors. PostgreSQL's code is on `cause.code`. */
export type ErrorCode =
  | 'BAD_OPTION'
  | 'BAD_REFERENCE'
  | 'INSERT_FAILED'
  | 'LOAD_FAILED'
  | 'LOAD_STOPPED'
  | 'MISMATCHED_ANSWER'
  | 'OUTCOME_UNKNOWN'
  | 'TRANSACTION_ENDED'
  | 'TRANSACTION_NOT_COMMITTED'
  | 'UNSUPPORTED_CLIENT'
  | 'UNSUPPORTED_DRIZZLE';

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

/** Carries what a caller's logger threw to the inserts that were not sent because of it. They reject with it as it is. */
export class ThrownByLogger extends Error {
  constructor(readonly thrown: unknown) {
    super('the logger threw');
  }
}

/** A count of rows in words, `1 row` or `2,000 rows`, for messages. */
export function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`;
}

/** The code of an error: an SQLSTATE if the database answered, else the driver's code. A caller's own error may throw if asked. */
export function codeOf(error: unknown): string | undefined {
  try {
    const code = (error as { code?: unknown } | undefined)?.code;
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

/**
 * JavaScript may throw any value. Under Jest the errors of Node itself are of another realm, and of another class `Error`.
 * An object without a prototype has no text, and a revoked proxy can't even be asked for its class.
 */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error || types.isNativeError(thrown)) return thrown;
    return new Error(String(thrown), { cause: thrown });
  } catch {
    return new Error('a value that has no text', { cause: thrown });
  }
}
