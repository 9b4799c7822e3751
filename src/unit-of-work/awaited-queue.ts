import type { Entry } from '../take/entry.ts';

/** The queue that an awaited entry is in. */
export class AwaitedQueue {
  /** @param write has an entry written at the end of the turn */
  constructor(
    private readonly queue: { readonly entries: readonly Entry[] },
    readonly write: (entry: Entry) => void,
  ) {}

  get entries(): readonly Entry[] {
    return this.queue.entries;
  }
}
