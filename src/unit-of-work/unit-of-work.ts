/** A queue and its flushes, as the builders use them. */

import type { FlushContext } from '../context.ts';
import type { InsertSession } from '../drizzle/insert.ts';
import { countRows } from '../errors.ts';
import type { FlushReport } from '../report.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { Queue } from '../take/queue.ts';
import { warnOf } from './warning.ts';

/**
 * At most 100 described or refused entries are remembered for the warning at the next flush. Without a limit
 * a server that never flushes would leak them.
 */
const mostRemembered = 100;

function nothing(): void {}

/** The queue that inserts are pushed into. */
export abstract class UnitOfWork {
  protected readonly queue = new Queue();
  /** Entries that were only described (`toSQL()`, `prepare()`, embedding) and not awaited since. */
  #described: Set<Entry> | undefined;
  /** Entries that were refused and not awaited since, with their errors. */
  #refused: Map<Entry, Error> | undefined;
  #isScheduled = false;
  /** The entry whose caller's async context the flush at the end of this turn begins in. */
  protected scheduledBy: Entry | undefined;
  /** The entry that drizzle prepares a statement for, during that call. */
  preparing: Entry | undefined;
  /** The session of the database or transaction. Prepared inserts run on it. */
  session!: InsertSession;

  /** @param atEnd runs a flush when the inserts that belong together have been made */
  constructor(
    readonly context: FlushContext,
    private readonly atEnd: (dispatch: () => void) => void,
  ) {}

  /** Rows that are queued and not taken by a flush. */
  get pending(): number {
    return this.queue.rows;
  }

  /** Writes the queued rows. Rejects if some could not be written. */
  abstract flush(): Promise<FlushReport>;

  /** A flush that no caller requested. Its failure is kept for the next one that a caller requests. */
  protected abstract flushUnasked(everything: boolean): void;

  /** Why inserts are rejected now; `undefined` while they are accepted. */
  protected abstract readonly ended: (() => Error) | undefined;

  enqueue(entry: Entry): void {
    if (this.ended) {
      this.refuse(entry, new BatchedInsertError(ownInsert(entry), this.ended()));
      return;
    }
    this.queue.push(entry);
    if (this.isFull) this.flushFull();
  }

  /** Called when the queue has reached its limit. */
  protected abstract flushFull(): void;

  protected get isFull(): boolean {
    const { maxRows, maxBytes } = this.context.options;
    return this.queue.rows >= maxRows || this.queue.bytes >= maxBytes;
  }

  /**
   * Rejects an entry that can't be queued. The next flush throws the error if the caller does not await it.
   */
  refuse(entry: Entry, error: Error): void {
    entry.conclude({ error });
    this.#refused ??= new Map();
    this.#refused.set(entry, error);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > mostRemembered && oldest) this.#refused.delete(oldest);
  }

  /** A refused entry that its caller has not awaited, returned once. */
  protected takeRefusal(): { readonly entry: Entry; readonly error: Error } | undefined {
    const [first] = this.#refused ?? [];
    this.#refused = undefined;
    return first && { entry: first[0], error: first[1] };
  }

  /** Removes an entry: for good if a chained call threw. @returns whether it was queued */
  withdraw(entry: Entry): boolean {
    return this.queue.withdraw(entry);
  }

  /**
   * Removes an entry, which its caller sends by himself. It can't be if it is taken or answered, or if a reference ties it to others.
   *
   * @returns whether it can
   */
  claim(entry: Entry): boolean {
    const { state, outcome, late, references, referencedColumns } = entry;
    const isOpen = state !== 'taken' && !outcome && !late && !this.ended;
    if (!isOpen || references.length > 0 || referencedColumns.size > 0) return false;
    this.withdraw(entry);
    this.forget(entry);
    entry.state = 'taken';
    return true;
  }

  /** Removes an entry until its caller awaits it: drizzle only describes it. */
  describe(entry: Entry): void {
    if (entry.late?.isTold || !this.withdraw(entry)) return;
    this.#described ??= new Set();
    this.#described.add(entry);
    const [oldest] = this.#described;
    if (this.#described.size > mostRemembered && oldest) this.#described.delete(oldest);
  }

  /** A described entry that runs as a prepared statement needs no warning. */
  forget(entry: Entry): void {
    this.#described?.delete(entry);
  }

  /**
   * The result of an entry. The entry is flushed at the end of this turn, if not before.
   *
   * @param isWritten the result is the server's own, so that the entry must be written first
   */
  wait(entry: Entry, isWritten = false): Promise<unknown> {
    entry.awaited = true;
    // No flush tells of it any more. So Node must, if nobody handles this very promise.
    if (this.#refused?.delete(entry)) return entry.result().then();
    if (entry.state !== 'taken' && !entry.outcome) {
      this.#described?.delete(entry);
      if (entry.state === 'loose') this.enqueue(entry);
      if (isWritten || !this.isAnswered(entry)) this.schedule(entry);
    }
    return entry.result();
  }

  /** Whether an awaited entry is answered without being written now. */
  protected isAnswered(_entry: Entry): boolean {
    return false;
  }

  protected schedule(entry?: Entry): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.scheduledBy = entry;
    const release = this.hold();
    this.atEnd(() => {
      this.#isScheduled = false;
      this.flushUnasked(this.isFull);
      // It may have many rows.
      this.scheduledBy = undefined;
      release();
    });
  }

  /** What is sent before the end of the turn shall leave with the flush. */
  protected hold(): () => void {
    return nothing;
  }

  /** Warns about the rows that an explicit flush does not write. */
  protected warnOfDescribed(): void {
    for (const entry of this.#described ?? []) {
      warnOf(
        `an insert of ${countRows(entry.count)} into ${entry.shape.name} was described (toSQL, getSQL or prepare) and never awaited; flush() does not write it`,
        'BATCHED_DRIZZLE_DESCRIBED',
      );
    }
    this.#described = undefined;
  }
}
