import { type Settling, settle, settled, type Waiting, wait } from './result.ts';

/** What its caller may await: a promise that is made only if it is asked for. */
export abstract class Promised<Outcome extends Settling<never>> {
  outcome: Outcome | undefined;
  #result: Promise<unknown> | Waiting | undefined;

  /** Settles the caller's promise, if it has been requested already. Only the first outcome counts. */
  conclude(outcome: Outcome): void {
    if (this.outcome) return;
    this.outcome = outcome;
    const waiting = this.#result;
    if (!waiting || waiting instanceof Promise) return;
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
