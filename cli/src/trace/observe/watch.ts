/** What the watched classes share: the place of the query that is being executed. */
import type { Places } from './places.ts';
import { placeOfFlush } from './watch-flushes.ts';

export class Watch {
  #current: number | undefined;

  constructor(readonly places: Places) {}

  /**
   * The place that called `below`. While drizzle executes a query it is that of the query. What batched-drizzle sends from
   * jobs of its own comes from the inserts of the flush. A package may issue statements when it is awaited.
   */
  place(below: (...args: never[]) => unknown): number | undefined {
    const { places } = this;
    return this.#current ?? places.find(below) ?? placeOfFlush() ?? places.findInPackages(below);
  }

  /** Runs what executes a query of this place. */
  at<TResult>(place: number | undefined, run: () => TResult): TResult {
    const before = this.#current;
    this.#current = place;
    try {
      return run();
    } finally {
      this.#current = before;
    }
  }
}
