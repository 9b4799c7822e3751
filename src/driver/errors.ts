/** What the passes need from a driver's errors. */
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import type { Serialize } from './text.ts';

/**
 * - `answer`: the database refused the statement.
 * - `lost`: the connection was lost before the answer came.
 * - `unopened`: the connection was never opened, or not for this statement.
 * - `unsent`: the driver refused to send the statement.
 * - `other`: none of these.
 */
export type ErrorKind = 'answer' | 'lost' | 'unopened' | 'unsent' | 'other';

export interface DriverErrors {
  kindOf(error: Error): ErrorKind;
  /** A copy with another message, of the same class and with the same fields. */
  copy(error: Error, message: string): Error;
  /** A copy without the statement and its parameters. */
  withoutStatement(error: Error): Error;
  /**
   * A copy with the query and parameters of another statement, which is built only when a property is read.
   */
  withStatement(error: Error, describe: DescribeStatement, serialize: Serialize): Error;
  /** A copy with only the database's code, table and constraint: other fields may contain values. */
  withoutValues(error: Error, message: string): Error;
  /** The table that the error is about, if the database names one. */
  tableOf(error: Error): string | undefined;
  /** The column that the error is about, if the database names one. */
  columnOf(error: Error): string | undefined;
}

export type DescribeStatement = () => { readonly sql: string; readonly params: unknown[] };

export function isAnswer(errors: DriverErrors, error: Error): boolean {
  return errors.kindOf(error) === 'answer';
}

/** Whether the connection was lost before the answer came. */
export function isLost(errors: DriverErrors, error: Error): boolean {
  return !(error instanceof BatchedDrizzleError) && errors.kindOf(error) === 'lost';
}

/**
 * Whether a COMMIT that failed with this error may have committed all the same. The connection may be lost
 * after the commit, and the server may stop before it answers.
 */
export function isCommitLost(errors: DriverErrors, error: Error): boolean {
  // 25P04: the server ended the session at `transaction_timeout`, before the commit.
  return isLost(errors, error) || (endsSession(error) && codeOf(error) !== '25P04');
}

/** Whether the server has ended the session with this error, or refused it. */
export function endsSession(error: Error): boolean {
  const { severity } = error as { severity?: unknown };
  return severity === 'FATAL' || severity === 'PANIC';
}
