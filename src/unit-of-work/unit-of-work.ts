/** A queue with what empties it: the caller's side of a flush. */

import type { FlushContext } from '../context.ts';
import type { InsertSession } from '../drizzle/insert.ts';
import { countRows } from '../errors.ts';
import type { FlushReport } from '../report.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { Queue } from '../take/queue.ts';
import { atEndOfTurn } from '../take/schedule.ts';

/** Of so many entries that it does not write a flush can tell: a server that never flushes must not hold all of them. */
const mostRemembered = 100;

/** What an insert needs of the object it was made on. */
export abstract class UnitOfWork {
  protected readonly queue = new Queue();
  /** Entries that were only described (`toSQL()`, `prepare()`, embedding) and not awaited since. */
  readonly #described = new Set<Entry>();
  /** Entries that were refused and not awaited since, with why. */
  readonly #refused = new Map<Entry, Error>();
  #isScheduled = false;
  /** That of the database or transaction whose queue it is; what prepares an insert runs on it. */
  session!: InsertSession;

  constructor(readonly context: FlushContext) {}

  /** Rows queued and not taken by a flush. */
  get pending(): number {
    return this.queue.rows;
  }

  /** Writes what is queued; rejects where something could not be written. */
  abstract flush(): Promise<FlushReport>;

  /** A flush that nobody waits for; its failure is kept for whoever waits next. */
  protected abstract flushUnasked(everything: boolean): void;

  /** Why nothing can be queued any more. */
  protected abstract readonly ended: Error | undefined;

  enqueue(entry: Entry): void {
    if (this.ended) {
      this.refuse(entry, new BatchedInsertError(ownInsert(entry), this.ended));
      return;
    }
    this.queue.push(entry);
    if (this.isFull) this.flushFull();
  }

  /** The queue has reached its limit. */
  protected abstract flushFull(): void;

  protected get isFull(): boolean {
    const { maxRows, maxBytes } = this.context.options;
    return this.queue.rows >= maxRows || this.queue.bytes >= maxBytes;
  }

  /** Rejects an entry that is not fit to be queued; whoever flushes next hears of it if nobody awaits it. */
  refuse(entry: Entry, error: Error): void {
    entry.conclude({ error });
    this.#refused.set(entry, error);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > mostRemembered && oldest) this.#refused.delete(oldest);
  }

  /** A refused entry that nobody awaited, told once. */
  protected takeRefusal(): { readonly entry: Entry; readonly error: Error } | undefined {
    const [first] = this.#refused;
    this.#refused.clear();
    return first && { entry: first[0], error: first[1] };
  }

  /** Takes an entry out, for good where a chained call threw. @returns whether it was in */
  withdraw(entry: Entry): boolean {
    return this.queue.withdraw(entry);
  }

  /** Takes an entry out until somebody awaits it: drizzle only describes it. */
  describe(entry: Entry): void {
    if (!this.withdraw(entry)) return;
    this.#described.add(entry);
    const [oldest] = this.#described;
    if (this.#described.size > mostRemembered && oldest) this.#described.delete(oldest);
  }

  /** A described entry that runs as a prepared statement needs no warning. */
  forget(entry: Entry): void {
    this.#described.delete(entry);
  }

  /** The result of an entry, which is flushed by the end of this turn if nothing flushes it before. */
  wait(entry: Entry): Promise<unknown> {
    entry.awaited = true;
    this.#refused.delete(entry);
    if (entry.state !== 'taken' && !entry.outcome) {
      this.#described.delete(entry);
      if (entry.state === 'loose') this.enqueue(entry);
      this.schedule();
    }
    return entry.result();
  }

  protected schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    atEndOfTurn(() => {
      this.#isScheduled = false;
      this.flushUnasked(this.isFull);
    });
  }

  /** An explicit flush says which rows it has no leave to write. */
  protected warnOfDescribed(): void {
    for (const entry of this.#described) {
      process.emitWarning(
        `an insert of ${countRows(entry.count)} into ${entry.shape.name} was described (toSQL, getSQL or prepare) and never awaited; flush() does not write it`,
        { type: 'BatchedDrizzleWarning', code: 'BATCHED_DRIZZLE_DESCRIBED' },
      );
    }
    this.#described.clear();
  }
}
