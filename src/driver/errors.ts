/** What the passes ask of a driver's errors. */
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import type { Serialize } from './text.ts';

/**
 * - `answer`: the database itself refused.
 * - `lost`: the connection went away before it brought the answer.
 * - `unopened`: the connection was never opened, or not for this statement.
 * - `unsent`: the driver did not let the statement out.
 * - `other`: none of these.
 */
export type ErrorKind = 'answer' | 'lost' | 'unopened' | 'unsent' | 'other';

export interface DriverErrors {
  kindOf(error: Error): ErrorKind;
  /** A copy of a driver's error, of its class and with its fields. */
  copy(error: Error, message: string): Error;
  /** A copy without the statement and its parameters. */
  withoutStatement(error: Error): Error;
  /** A copy that looks as if this statement had been sent; the statement is built only when somebody looks. */
  withStatement(error: Error, describe: DescribeStatement, serialize: Serialize): Error;
  /** A copy with the database's code, table and constraint, and nothing that may hold a value. */
  withoutValues(error: Error, message: string): Error;
  /** The name of the table that the error is about, if the database names one. */
  tableOf(error: Error): string | undefined;
}

export type DescribeStatement = () => { readonly sql: string; readonly params: unknown[] };

export function isAnswer(errors: DriverErrors, error: Error): boolean {
  return errors.kindOf(error) === 'answer';
}

/** Whether the connection went away before it brought an answer. */
export function isLost(errors: DriverErrors, error: Error): boolean {
  return !(error instanceof BatchedDrizzleError) && errors.kindOf(error) === 'lost';
}

/** Whether a COMMIT that ended so may have committed: the server, too, may go before it answers. */
export function isCommitLost(errors: DriverErrors, error: Error): boolean {
  const { severity } = error as { severity?: unknown };
  const isEndOfSession = severity === 'FATAL' || severity === 'PANIC';
  // A transaction that took too long was ended before it committed.
  return isLost(errors, error) || (isEndOfSession && codeOf(error) !== '25P04');
}
