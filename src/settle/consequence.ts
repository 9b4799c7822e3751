/** Errors of statements that the server refused only because of another one before them. */
import { codeOf } from '../errors.ts';
import { atEndOfTurn } from '../take/schedule.ts';

export function isConsequence(error: unknown): boolean {
  return codeOf(error) === '25P02' || codeOf((error as Error | undefined)?.cause) === '25P02';
}

/**
 * Waits until the error of the statement that failed has been heard, however many promise jobs its callers take for that.
 * `Promise.all` rejects with what it hears first. The answers come together here, and one after another in drizzle.
 */
export function untilCauseIsHeard(): Promise<void> {
  return new Promise((resolve) => atEndOfTurn(resolve));
}
