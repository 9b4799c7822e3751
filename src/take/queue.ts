/** Entries in call order. A flush takes them all at once. */
import type { Entry } from './entry.ts';

export class Queue {
  #entries: Entry[] = [];
  #rows = 0;
  #bytes = 0;
  #calls = 0;
  /** The call count at which withdrawn entries were pushed again. */
  #returned: Map<Entry, number> | undefined;

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

  /** The number of calls so far. */
  get now(): number {
    return this.#calls;
  }

  /** Whether an entry has been in the queue since before a call. */
  isOlder(entry: Entry, call: number): boolean {
    return (this.#returned?.get(entry) ?? entry.call) < call;
  }

  push(entry: Entry): void {
    if (entry.call === -1) entry.call = this.#calls++;
    else this.#return(entry, this.#calls++);
    this.#add(entry);
  }

  #return(entry: Entry, call: number): void {
    this.#returned ??= new Map();
    this.#returned.set(entry, call);
  }

  #add(entry: Entry): void {
    const { call } = entry;
    const entries = this.#entries;
    const last = entries[entries.length - 1];
    const isBehind = !last || last.call < call;
    // A described entry that is awaited later returns to the position of its call.
    if (isBehind) entries.push(entry);
    else {
      let index = entries.length;
      while (index > 0 && (entries[index - 1] as Entry).call > call) index--;
      entries.splice(index, 0, entry);
    }
    entry.state = 'queued';
    this.#rows += entry.count;
    this.#bytes += entry.bytes;
  }

  /** Removes an entry. Most were pushed a moment ago, so the search starts at the end. */
  withdraw(entry: Entry): boolean {
    const index = this.#entries.lastIndexOf(entry);
    if (index === -1) return false;
    this.#entries.splice(index, 1);
    entry.state = 'loose';
    this.#rows -= entry.count;
    this.#bytes -= entry.bytes;
    return true;
  }

  /**
   * Swaps the whole queue out. Entries that arrive during the flush go into the next batch, without a lock.
   * The idea is that of graphql/dataloader, which swaps its batch.
   */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#rows = 0;
    this.#bytes = 0;
    for (let index = 0; index < entries.length; index++) (entries[index] as Entry).state = 'taken';
    this.#returned = undefined;
    return entries;
  }

  /** Takes the wanted entries, and those that they refer to. The rest stays, in order. */
  takeWhere(isWanted: (entry: Entry) => boolean): Entry[] {
    if (this.#entries.every(isWanted)) return this.take();
    const toVisit = this.#entries.filter(isWanted);
    const wanted = new Set<Entry>();
    for (let entry = toVisit.pop(); entry; entry = toVisit.pop()) {
      if (wanted.has(entry)) continue;
      wanted.add(entry);
      for (const reference of entry.references) toVisit.push(reference.origin.entry);
    }
    const returned = [...(this.#returned ?? [])].filter(([entry]) => !wanted.has(entry));
    const taken: Entry[] = [];
    for (const entry of this.take()) {
      if (wanted.has(entry)) taken.push(entry);
      else this.#add(entry);
    }
    for (const [entry, call] of returned) this.#return(entry, call);
    return taken;
  }
}
