/** A question of the library's own to the catalog, which plain drizzle does not ask: that it fails is no caller's error. */
import type { DriverErrors } from '../driver/errors.ts';
import { isAnswer } from '../driver/errors.ts';
import { codeOf } from '../errors.ts';

/** Cancelled, a lock that was not granted in time, a deadlock. */
const interrupted = /^(57014|55P03|40P01)$/;

/** So often the question is left out after its first interruption. */
const firstPause = 8;

const longestPause = 1024;

/**
 * A question that was interrupted is left out the next times that it is due. It may have been a busy moment, so a few times are
 * enough at first. The client's `statement_timeout` may always be too short for it, so each further interruption doubles them:
 * such a client pays for one question in a thousand flushes.
 */
export class Question {
  #pause = 0;
  #left = 0;

  /** Is called each time that the question is due. @returns whether to go on without an answer */
  isLeftOut(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  noteAnswer(): void {
    this.#pause = 0;
    this.#left = 0;
  }

  /** @returns whether the question was interrupted, so that the answer is not known this time */
  noteInterruption(error: Error, errors: DriverErrors): boolean {
    if (!isInterruption(error, errors)) return false;
    // Questions that were on their way together are interrupted by one busy moment.
    if (this.#left > 0) return true;
    this.#pause = Math.min(this.#pause * 2 || firstPause, longestPause);
    this.#left = this.#pause;
    return true;
  }
}

/** Whether the server might have answered at another time. */
export function isInterruption(error: Error, errors: DriverErrors): boolean {
  return isAnswer(errors, error) && interrupted.test(codeOf(error) ?? '');
}
