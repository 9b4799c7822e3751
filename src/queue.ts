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

  /** How many calls it has seen, also of entries that it holds no more: the place of the next one. */
  get calls(): number {
    return this.#calls;
  }

  push(entry: Entry): void {
    if (entry.place === -1) entry.place = this.#calls++;
    const { place } = entry;
    const entries = this.#entries;
    const isBehind = entries.length === 0 || (entries[entries.length - 1]?.place ?? 0) < place;
    // What was described meanwhile goes back to where it was called.
    if (isBehind) entries.push(entry);
    else {
      let index = entries.length;
      while (index > 0 && (entries[index - 1]?.place ?? 0) > place) index--;
      entries.splice(index, 0, entry);
    }
    entry.state = 'queued';
    this.#rows += entry.count;
    this.#bytes += entry.bytes;
  }

  /** Takes an entry out again; what is withdrawn was mostly pushed a moment ago, so the search starts behind. */
  withdraw(entry: Entry): boolean {
    const index = this.#entries.lastIndexOf(entry);
    if (index === -1) return false;
    this.#entries.splice(index, 1);
    entry.state = 'loose';
    this.#rows -= entry.count;
    this.#bytes -= entry.bytes;
    return true;
  }

  /** Swaps the whole queue out: what arrives during the flush lands in the next batch without a lock. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#rows = 0;
    this.#bytes = 0;
    for (const entry of entries) entry.state = 'taken';
    return entries;
  }

  /** Takes the wanted entries, and those that they refer to; the rest stays, in order. */
  takeWhere(isWanted: (entry: Entry) => boolean): Entry[] {
    const toVisit = this.#entries.filter(isWanted);
    if (toVisit.length === this.#entries.length) return this.take();
    const wanted = new Set<Entry>();
    for (let entry = toVisit.pop(); entry; entry = toVisit.pop()) {
      if (wanted.has(entry)) continue;
      wanted.add(entry);
      for (const reference of entry.references) toVisit.push(reference.origin.entry);
    }
    const taken: Entry[] = [];
    for (const entry of this.take()) {
      if (wanted.has(entry)) taken.push(entry);
      else this.push(entry);
    }
    return taken;
  }
}
