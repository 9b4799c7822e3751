import { failedStatement } from '#version/drizzle/database';
import type { Connection, Driver } from '../driver/driver.ts';
import { type DriverErrors, isAnswer, isLost } from '../driver/errors.ts';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { type BatchCode, QueryError } from '../drizzle/query-error.ts';
import { BatchedDrizzleError, codeOf, commitLost } from '../errors.ts';
import type { FlushFailure } from '../settle/failures.ts';

/** The error of an insert on a transaction that has committed or is about to. */
export function committedError(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended; insert before its callback returns',
  );
}

/** The error of an insert on a transaction that was rolled back. If its connection was lost, that is the driver's own error. */
export function endedError(cause: Error, errors: DriverErrors): Error {
  if (isLost(errors, cause)) return cause;
  return new BatchedDrizzleError('TRANSACTION_ENDED', 'the transaction has ended: it was rolled back', {
    cause,
  });
}

/** Whether nothing was sent, since the transaction had ended before. */
export function isEnded(error: Error): boolean {
  return error instanceof BatchedDrizzleError && error.code === 'TRANSACTION_ENDED';
}

/** COMMIT has failed. Where drizzle executes it as a statement, its errors are those of a statement. */
export function explainCommit(error: Error, { framing, errors }: Driver): Error {
  // What a logger has thrown arrives as it is.
  const isOfServer = isAnswer(errors, error) || isLost(errors, error);
  if (!framing.executesEnds || !isOfServer || error instanceof BatchedDrizzleError) return error;
  const isUnknown = error.message.includes(commitLost);
  return isUnknown ? new CommitError(error, 'OUTCOME_UNKNOWN') : failedStatement('commit', error);
}

/** What a failed flush means for its transaction. */
export function explainFlush({ isOfCommit, cause }: FlushFailure, driver: Driver): Error {
  return isOfCommit ? explainCommit(cause, driver) : cause;
}

/**
 * BEGIN was refused, or the connection was lost, where drizzle executes BEGIN and ROLLBACK as statements.
 *
 * @param error what the callback, or the end of the transaction, has rejected with
 * @param isOfCallback drizzle's ROLLBACK, which follows, fails in its turn, and rejects the transaction
 */
export function explainLoss(
  error: unknown,
  loss: Error,
  begin: string,
  connection: Connection,
  isOfCallback: boolean,
): unknown {
  const isRefused = !connection.hasBegun && isAnswer(connection.errors, loss);
  if (isRefused) return failedStatement(begin, loss);
  return isOfCallback || error === loss
    ? failedStatement(connection.hasBegun ? 'rollback' : begin, loss)
    : error;
}

/**
 * A statement of the transaction has failed, and its callback has returned all the same. Where drizzle executes COMMIT as a
 * statement, it looks for the database's error on `cause`.
 */
export function explainNotCommitted(failure: Error, { framing, errors }: Driver): Error {
  const isOfStatement = framing.executesEnds && isAnswer(errors, failure);
  return isOfStatement ? new CommitError(failure, 'TRANSACTION_NOT_COMMITTED') : failure;
}

/** The error of work that must be a transaction of its own, on a connection on which another one is open. */
export function joinedError(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'UNSUPPORTED_CLIENT',
    'a transaction is open on the only connection of the client; use that transaction',
  );
}

/** COMMIT has rolled back. The server's answer does not say why. */
export function withCause(error: Error, failure: Error | undefined): Error {
  if (!failure || 'cause' in error) return error;
  // As the standard has it, a cause is hidden from loops over the properties.
  return Object.defineProperty(error, 'cause', { value: failure, writable: true, configurable: true });
}

/** drizzle's error of COMMIT, where it has more to tell. */
class CommitError extends QueryError {
  static {
    QueryError.rename(CommitError, 'BatchedCommitError');
  }

  constructor(cause: Error, batchCode: BatchCode) {
    const isUnknown = batchCode === 'OUTCOME_UNKNOWN';
    const why = isUnknown ? '' : 'the transaction was rolled back, since a statement of it had failed: ';
    super(`commit: ${why}${cause.message}`, cause, { batchCode });
    this.describeBy(() => ({ sql: 'commit', errorParams: [] }));
  }
}

/**
 * The error that a transaction or a savepoint rejects with. For a statement that was refused only because of an earlier
 * failure (25P02) it is that failure, as in postgres.js.
 */
export function explainEnd(error: unknown, failure: Error | undefined): unknown {
  const isConsequence = codeOf(error) === '25P02' && !(error instanceof DrizzleQueryError);
  return isConsequence ? (failure ?? error) : error;
}

/**
 * The failure of a scope that the others follow from. What a flight failed with is known when all of its answers are read, and
 * those of statements behind it may come before.
 */
export function firstFailure(known: Error | undefined, error: Error): Error {
  return known && (codeOf(known) !== '25P02' || codeOf(error) === '25P02') ? known : error;
}
