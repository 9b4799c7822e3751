/** The answers of a pipeline → told in the order of the calls. */
import type { Entry } from '../take/entry.ts';
import type { Hearer, Tell } from '../take/promised.ts';

/** A promise that is resolved by one that has rejected takes two jobs more than others. */
const jobsOfRejection = 3;

/**
 * The culprit of a batch is known before the others are sent again, and is not sent with them. In drizzle its answer comes among
 * theirs. So theirs are held until their pipeline is answered. It has its connection then, and waits for each lock 100 ms at
 * most. So it never waits for what a caller would do on hearing an answer.
 */
export class HeldAnswers {
  /** The answers that are held together with that of an entry. */
  readonly #held = new Map<Hearer, Entry[]>();

  /** `undefined` while nothing is held. */
  get tell(): Tell | undefined {
    return this.#held.size > 0 ? this.#hold : undefined;
  }

  /**
   * @param entries whose answers are held, if they come while the pipeline travels
   * @param conclude is called behind it, before anybody is told
   */
  async during<T>(entries: readonly Entry[], pipeline: () => Promise<T>, conclude: () => void): Promise<T> {
    const held: Entry[] = [];
    for (const entry of entries) this.#held.set(entry, held);
    try {
      return await pipeline();
    } finally {
      conclude();
      for (const entry of entries) this.#held.delete(entry);
      for (const entry of held.sort((one, other) => one.call - other.call)) {
        entry.hear();
        for (let job = 0; job < jobsOfRejection; job++) await undefined;
      }
    }
  }

  readonly #hold: Tell = (hearer) => {
    const held = this.#held.get(hearer);
    if (held) held.push(hearer as Entry);
    else hearer.hear();
  };
}
