/** The answers to the parts of a batch that is sent again → told when all of it has been sent. */
import type { Entry } from '../take/entry.ts';
import type { Hearer, Tell } from '../take/promised.ts';

/**
 * In drizzle all inserts of a turn have been sent when the first of them is answered. So whoever hears an answer must not find that
 * what he sends now overtakes the others.
 */
export class HeldAnswers {
  #held: Hearer[] = [];
  #parts = 0;

  /** `undefined` while nothing is held. */
  get tell(): Tell | undefined {
    return this.#parts > 0 ? this.#hold : undefined;
  }

  /** Holds every answer until the work is done. Then they are told in the order of the calls. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#parts += 1;
    try {
      await work();
    } finally {
      this.#parts -= 1;
      if (this.#parts === 0) this.#release();
    }
  }

  readonly #hold: Tell = (hearer) => {
    this.#held.push(hearer);
  };

  #release(): void {
    const held = this.#held as Entry[];
    this.#held = [];
    for (const entry of held.sort((one, other) => one.call - other.call)) entry.hear();
  }
}
