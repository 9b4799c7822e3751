/** A queue with what empties it: the caller's side of a flush. */
import type { Entry } from './entry.ts';
import { BatchedInsertError, countRows } from './errors.ts';
import type { FlushContext } from './flush.ts';
import { Queue } from './queue.ts';
import type { FlushReport } from './report.ts';
import { atEndOfTurn, behindThisCall } from './schedule.ts';

/** What an insert needs of the object it was made on. */
export abstract class UnitOfWork {
  protected readonly queue = new Queue();
  /** Entries that were only described (`toSQL()`, `prepare()`, embedding) and not awaited since. */
  readonly #described = new Set<Entry>();
  #refused: { entry: Entry; error: Error }[] = [];
  #isScheduled = false;

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
      this.refuse(entry, new BatchedInsertError(entry.own, this.ended));
      return;
    }
    this.queue.push(entry);
    const { maxRows, maxBytes } = this.context.options;
    // Not at once: a chained `returning()` has yet to be called.
    if (this.queue.rows >= maxRows || this.queue.bytes >= maxBytes)
      behindThisCall(() => this.flushUnasked(true));
  }

  /** Rejects an entry that is not fit to be queued; whoever flushes next hears of it if nobody awaits it. */
  refuse(entry: Entry, error: Error): void {
    entry.conclude({ error });
    this.#refused.push({ entry, error });
  }

  /** The error of a refused entry that nobody awaited, told once. */
  protected takeRefusal(): Error | undefined {
    const refusal = this.#refused.find(({ entry }) => !entry.awaited);
    this.#refused = [];
    return refusal?.error;
  }

  /** Takes an entry out for good: a chained call threw. */
  withdraw(entry: Entry): void {
    this.queue.withdraw(entry);
  }

  /** Takes an entry out until somebody awaits it: drizzle only describes it. */
  describe(entry: Entry): void {
    if (this.queue.withdraw(entry)) this.#described.add(entry);
  }

  /** A described entry that runs as a prepared statement needs no warning. */
  forget(entry: Entry): void {
    this.#described.delete(entry);
  }

  /** The result of an entry, which is flushed by the end of this turn if nothing flushes it before. */
  wait(entry: Entry): Promise<unknown> {
    entry.awaited = true;
    if (!entry.taken && !entry.outcome) {
      if (this.#described.delete(entry)) this.enqueue(entry);
      this.#schedule();
    }
    return entry.result();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    atEndOfTurn(() => {
      this.#isScheduled = false;
      this.flushUnasked(false);
    });
  }

  /** An explicit flush says which rows it has no leave to write. */
  protected warnOfDescribed(): void {
    for (const entry of this.#described) {
      process.emitWarning(
        `an insert of ${countRows(entry.rows.length)} into ${entry.shape.name} was described (toSQL, getSQL or prepare) and never awaited; flush() does not write it`,
        { type: 'BatchedDrizzleWarning', code: 'BATCHED_DRIZZLE_DESCRIBED' },
      );
    }
    this.#described.clear();
  }
}
