import { firstFailure } from './ended-errors.ts';

/** Why a transaction, or a savepoint in it, can't commit any more. */
export class ScopeFailure {
  /** The first error of a statement of the scope. */
  error: Error | undefined;
  /** Every caller has heard of the failure of his statement, and may mend it by a rollback to a savepoint of his own. */
  #isCurable = true;

  note(error: Error, isHeard: boolean): void {
    this.error = firstFailure(this.error, error);
    this.#isCurable &&= isHeard;
  }

  /** @param isFailed whether the server refuses what is sent; `undefined` if that is not known */
  mendIf(isFailed: boolean | undefined): void {
    if (this.#isCurable && isFailed === false) this.error = undefined;
  }
}
