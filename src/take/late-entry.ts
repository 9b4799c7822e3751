/** An insert whose caller may have the answer before the rows are written: see `batch.awaits`. */
import type { SelectedField } from '../drizzle/selected-field.ts';

export class LateEntry {
  isTold = false;
  /** What the caller asked for and has been told, so that the server need not return it. */
  asked: readonly SelectedField[] | undefined;
  /**
   * Its `stack` shows the call of `values()`, for the error of an insert that fails when nobody awaits it. The text of a stack
   * is made when it is read.
   */
  readonly call: { readonly stack?: string } = {};

  /** @param asked what the caller asked for */
  tell(asked: LateEntry['asked']): void {
    this.isTold = true;
    this.asked = asked;
  }

  /** @param below the function whose callers are on the stack */
  constructor(below: (...args: never[]) => unknown) {
    Error.captureStackTrace(this.call, below);
  }
}
