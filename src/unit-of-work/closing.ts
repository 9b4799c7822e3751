/** When a transaction or a savepoint may end: drizzle's cache and logger may use it, too. */
import { atEndOfTurn } from '../take/schedule.ts';
import type { TransactionLine } from './transaction-line.ts';

export class Closing {
  /** The cache is being notified of inserts of the scope. */
  #notified: Set<Promise<unknown>> | undefined;

  /** @param end lets nothing more in */
  constructor(
    readonly line: TransactionLine,
    private readonly isEmpty: () => boolean,
    private readonly end: () => void,
  ) {}

  readonly watch = (notified: Promise<unknown>): void => {
    this.#notified ??= new Set();
    this.#notified.add(notified);
    notified.finally(() => this.#notified?.delete(notified));
  };

  get isNotifying(): boolean {
    return this.#notified !== undefined && this.#notified.size > 0;
  }

  /** Settles when no statement or flush is left, and the cache is done. */
  async idle(): Promise<void> {
    while (!this.line.isIdle || this.isNotifying) {
      await this.line.idle();
      await this.notified();
    }
  }

  /** Settles when the cache is done with what it is being notified of. */
  async notified(): Promise<void> {
    await Promise.all(this.#notified ?? []);
  }

  /** Asked by the last flush. A cache that is done at the end of the turn need not be waited for by a further trip. */
  readonly closes = async (): Promise<boolean> => {
    if (this.isNotifying) {
      await Promise.race([this.notified(), new Promise<void>(atEndOfTurn)]);
    }
    const isQuiet = !this.isNotifying && this.line.isAlone && this.isEmpty();
    if (isQuiet) this.end();
    return isQuiet;
  };
}
