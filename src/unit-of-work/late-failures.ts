/** How the failure of an insert is heard whose caller had its answer before. */
import { asError, codeOf } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import type { TransactionState } from './transaction-state.ts';

/**
 * What waits for the rows of a transaction rejects with the own error of an insert that failed unheard. What is executed
 * afterwards rejects with that as its cause.
 */
export function explainLate<T>(state: TransactionState, running: Promise<T>): Promise<T> {
  if (!state.queued) return running;
  const known = state.lateFailure;
  return running.then(
    (value) => {
      // The row was not even sent, and the statement has not seen it.
      if (state.lateFailure) throw state.lateFailure;
      return value;
    },
    async (error) => {
      if (codeOf(error) !== '25P02' && codeOf((error as Error).cause) !== '25P02') throw error;
      // The answers to the flush have come before, and may still be read.
      await state.line.answered;
      const failure = state.lateFailure;
      if (!failure) throw error;
      throw known === undefined ? failure : Object.assign(asError(error), { cause: failure });
    },
  );
}

/** In drizzle, what the cache throws rejects the insert. */
export function hearCache(
  entries: readonly Entry[],
  watch: (heard: Promise<unknown>) => void,
  failLate: (error: Error) => void,
): void {
  for (const { late, outcome } of entries) {
    if (late?.isTold && outcome?.objection)
      watch(outcome.objection.then((error) => error && failLate(error)));
  }
}
