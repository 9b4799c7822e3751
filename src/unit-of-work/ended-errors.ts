import { DrizzleQueryError } from '../drizzle/exports.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';

/** The error of an insert on a transaction that has committed or is about to. */
export function committedError(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended; insert before its callback returns',
  );
}

/** The error of an insert on a transaction that was rolled back. */
export function endedError(cause: Error): BatchedDrizzleError {
  return new BatchedDrizzleError('TRANSACTION_ENDED', 'the transaction has ended: it was rolled back', {
    cause,
  });
}

/**
 * The error that a transaction or a savepoint rejects with. For a statement that was refused only because of an earlier
 * failure (25P02) it is that failure, as in postgres.js.
 */
export function explainEnd(error: unknown, failure: Error | undefined): unknown {
  const isConsequence = codeOf(error) === '25P02' && !(error instanceof DrizzleQueryError);
  return isConsequence ? (failure ?? error) : error;
}
