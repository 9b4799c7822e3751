/** Entries that refer to rows which are still being written → writes of their own, as soon as these rows are known. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Entry } from '../take/entry.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import { openParents } from './in-turn.ts';

export class HeldBack {
  /** Entries that may be written from this turn on. */
  readonly #released: Entry[] = [];

  constructor(
    private readonly write: (entries: readonly Entry[]) => Promise<void>,
    /** Takes what the rest of the batch need not wait for. */
    private readonly begin: (work: Promise<void>) => void,
  ) {}

  /**
   * Leaves out entries that refer to others whose outcome is open, and writes them when it is known.
   *
   * @param along entries that are written together, so that they need not be waited for
   * @param until settles when the others have been sent and answered. What is left out is written behind that, and so is what
   *   stands behind it in its table: in call order, though the answers come one by one. An entry that was refused and is sent again
   *   by itself is not waited for, since it may wait for a lock
   */
  holdBack(entries: readonly Entry[], along = new Set<Entry>(), until?: Promise<void>): readonly Entry[] {
    const held = new Set<Entry>();
    // In call order parents come first. An entry that was awaited late may precede its parent, so the loop repeats.
    for (let size = -1; size < held.size; ) {
      size = held.size;
      const tables = new Set<PgTable>();
      for (const entry of entries) {
        const { table } = entry.shape;
        if (!held.has(entry) && !tables.has(table) && openParents(entry, along).length === 0) continue;
        held.add(entry);
        along.delete(entry);
        if (until) tables.add(table);
      }
    }
    for (const entry of held) this.begin(this.#release(entry, openParents(entry, along), until));
    return held.size === 0 ? entries : entries.filter((entry) => !held.has(entry));
  }

  /** Entries that are released in one turn travel together. */
  async #release(entry: Entry, parents: readonly Entry[], until: Promise<void> | undefined): Promise<void> {
    await Promise.allSettled([until, ...parents.map((parent) => parent.result())]);
    if (this.#released.push(entry) > 1) return;
    await new Promise<void>(atEndOfTurn);
    await this.write(this.#released.splice(0).sort((one, other) => one.call - other.call));
  }
}
