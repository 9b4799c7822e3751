import { type Settling, settle, settled, type Waiting, wait } from './result.ts';

/** Someone who waits to be told. There may be very many, and a function for each would cost memory. */
export interface Hearer {
  /** Settles his promise. */
  hear(): void;
}

/** Has a caller told when his turn comes. */
export type Tell = (hearer: Hearer) => void;

/** What its caller may await: a promise that is made only if it is asked for. */
export abstract class Promised<Outcome extends Settling<never>> implements Hearer {
  outcome: Outcome | undefined;
  #result: Promise<unknown> | Waiting | undefined;

  /**
   * Settles the caller's promise, if it has been requested already. Only the first outcome counts.
   *
   * @param tell gets this if somebody waits for it, and calls `hear()` when its turn comes. Without it the promise is settled at
   *   once
   */
  conclude(outcome: Outcome, tell?: Tell): void {
    if (this.outcome) return;
    this.outcome = outcome;
    if (!this.#result || this.#result instanceof Promise) return;
    if (tell) tell(this);
    else this.hear();
  }

  hear(): void {
    const waiting = this.#result;
    const { outcome } = this;
    if (!waiting || waiting instanceof Promise || !outcome) return;
    this.#result = waiting.promise;
    settle(waiting, outcome, this as never);
  }

  /** Resolves the caller's promise before there is an outcome. */
  protected resolve(value: unknown): void {
    const waiting = this.#result;
    if (!waiting) this.#result = Promise.resolve(value);
    else if (!(waiting instanceof Promise)) {
      this.#result = waiting.promise;
      waiting.resolve(value);
    }
  }

  /** The insert's promise, the same one for every call. */
  result(): Promise<unknown> {
    const { outcome } = this;
    this.#result ??= outcome ? settled(outcome, this as never) : wait();
    return this.#result instanceof Promise ? this.#result : this.#result.promise;
  }
}
