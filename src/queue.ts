/** Entries in call order, until a flush takes them all at once. */
import type { Entry } from './entry.ts';

export class Queue {
  #entries: Entry[] = [];
  #rows = 0;
  #bytes = 0;
  #calls = 0;

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  push(entry: Entry): void {
    entry.place ??= this.#calls++;
    const { place } = entry;
    // What was described meanwhile goes back to where it was called, which is at the end for all others.
    let index = this.#entries.length;
    while (index > 0 && (this.#entries[index - 1]?.place ?? 0) > place) index--;
    this.#entries.splice(index, 0, entry);
    entry.queued = true;
    this.#rows += entry.rows.length;
    this.#bytes += entry.bytes;
  }

  /** Takes an entry out again; what is withdrawn was mostly pushed a moment ago, so the search starts behind. */
  withdraw(entry: Entry): boolean {
    const index = this.#entries.lastIndexOf(entry);
    if (index === -1) return false;
    this.#entries.splice(index, 1);
    entry.queued = false;
    this.#rows -= entry.rows.length;
    this.#bytes -= entry.bytes;
    return true;
  }

  /** Swaps the whole queue out: what arrives during the flush lands in the next batch without a lock. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#rows = 0;
    this.#bytes = 0;
    for (const entry of entries) {
      entry.queued = false;
      entry.taken = true;
    }
    return entries;
  }

  /** Takes the wanted entries, and those that they refer to; the rest stays, in order. */
  takeWhere(isWanted: (entry: Entry) => boolean): Entry[] {
    const wanted = new Set<Entry>();
    const toVisit = this.#entries.filter(isWanted);
    for (let entry = toVisit.pop(); entry; entry = toVisit.pop()) {
      if (wanted.has(entry)) continue;
      wanted.add(entry);
      for (const reference of entry.references) toVisit.push(reference.origin.entry);
    }
    const all = this.take();
    const taken: Entry[] = [];
    for (const entry of all) {
      if (wanted.has(entry)) taken.push(entry);
      else {
        entry.taken = false;
        this.push(entry);
      }
    }
    return taken;
  }
}
