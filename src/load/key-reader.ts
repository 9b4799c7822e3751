/** One iteration over the ids of a load. */
import type { KeyFeed } from './key-feed.ts';
import { KeysLeft, LoadError } from './load-error.ts';
import type { LoadRun } from './run-load.ts';

/**
 * Leaving it early stops the load. An async generator alone would let the load go on, and would make `return()` wait for the
 * next id.
 */
export class KeyReader implements AsyncIterableIterator<unknown> {
  readonly #feed: KeyFeed;
  readonly #run: LoadRun;
  readonly #report: Promise<unknown>;
  readonly #keys: AsyncGenerator<unknown, void>;

  constructor(feed: KeyFeed, run: LoadRun, report: Promise<unknown>) {
    this.#feed = feed;
    this.#run = run;
    this.#report = report;
    this.#keys = feed.iterate(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, void>> {
    return this.#keys.next();
  }

  /** A `break` calls it. It rejects if the load has failed for another reason than this. */
  async return(): Promise<IteratorResult<unknown, void>> {
    await this.#leave();
    return this.#keys.return();
  }

  async throw(reason: unknown): Promise<IteratorResult<unknown, void>> {
    await this.#leave(reason).catch(() => {});
    return this.#keys.throw(reason);
  }

  async #leave(reason?: unknown): Promise<void> {
    if (!this.#feed.leave(this)) return;
    const left = new KeysLeft(reason);
    this.#run.stop(left);
    await this.#report.catch((error) => {
      if (!(error instanceof LoadError) || error.cause !== left) throw error;
    });
  }
}
