import { BatchedDrizzleError } from '../errors.ts';

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
