/** The queue of the database itself. Each of its flushes is a transaction of its own. */
import { AsyncResource } from 'node:async_hooks';
import type { FlushContext } from '../context.ts';
import { asError } from '../errors.ts';
import type { FlushReport } from '../report.ts';
import { whenNotified } from '../settle/notify-cache.ts';
import { refusedInShared } from '../settle/refused-in-shared.ts';
import { rejectUnread } from '../settle/reject-unread.ts';
import type { Entry } from '../take/entry.ts';
import { atEndOfTurn, atEndOfTurnFor, behindThisCall } from '../take/schedule.ts';
import { unwatch, watch } from './exit-warning.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import { writeInOrder } from './late-writing.ts';
import { UnitOfWork } from './unit-of-work.ts';

export class DatabaseUnit extends UnitOfWork {
  protected readonly ended = undefined;
  /** A flush for several callers runs in the async context in which the database was made. */
  readonly #context = new AsyncResource('BatchedDatabase');
  /** The first error of an insert that its caller did not await. The next `flush()` throws it. */
  #unreported: Error | undefined;
  /** The client's `end()` waits for what is awaited, until it is written: it calls this then. */
  #awaited: (() => void) | undefined;

  constructor(context: FlushContext) {
    super(context, (dispatch) => atEndOfTurnFor(context.driver, dispatch));
  }

  override enqueue(entry: Entry): void {
    super.enqueue(entry);
    watch(this);
  }

  override withdraw(entry: Entry): boolean {
    const wasQueued = super.withdraw(entry);
    if (this.queue.isEmpty) unwatch(this);
    return wasQueued;
  }

  async flush(): Promise<FlushReport> {
    this.warnOfDescribed();
    // The rows of other callers are written too, so not in this caller's async context.
    const written = this.#context.runInAsyncScope(() => this.#write(this.queue.take()));
    const { report, failure, entries } = await written;
    await whenNotified(this.context.cache, entries);
    const error = failure?.error ?? this.#takeUnreported() ?? this.#takeSharedRefusal();
    if (error) throw error;
    return report;
  }

  /** Thrown once. If the flush fails by itself, the error is kept for the next one. */
  #takeUnreported(): Error | undefined {
    const unreported = this.#unreported;
    this.#unreported = undefined;
    return unreported;
  }

  #takeSharedRefusal(): Error | undefined {
    const refusal = this.takeRefusal();
    return refusal && refusedInShared(refusal.entry, refusal.error);
  }

  protected flushFull(): void {
    // Inserts that are awaited in this turn are claimed by then.
    const later = this.session.isReplaced ? atEndOfTurn : behindThisCall;
    later(() => {
      if (this.isFull) this.flushUnasked(true);
    });
  }

  protected flushUnasked(everything: boolean): void {
    if (this.queue.isEmpty) {
      this.#takeAwaited()?.();
      return;
    }
    const entries = everything ? this.queue.take() : this.queue.takeWhere(({ awaited }) => awaited);
    const write = async (): Promise<void> => {
      const { failure } = await this.#write(entries);
      if (failure && entries.some(isUnheard)) this.#unreported ??= failure.error;
    };
    const isOwn = entries.length === 1 && entries[0] === this.scheduledBy;
    if (isOwn) write();
    else this.#context.runInAsyncScope(write);
  }

  #write(entries: readonly Entry[]): Promise<Flushed> {
    if (this.queue.isEmpty) unwatch(this);
    const settled = this.#takeAwaited() ?? this.context.driver.ending?.begin();
    const written = announceFlush('database', entries, (report) =>
      writeInOrder(
        this.context,
        ({ flushEach }) => flushEach(this.context, entries, report),
        (error) => rejectUnread(entries, asError(error)),
      ),
    );
    written.then(settled, settled);
    return written;
  }

  protected override schedule(entry?: Entry): void {
    this.#awaited ??= this.context.driver.ending?.begin();
    super.schedule(entry);
  }

  #takeAwaited(): (() => void) | undefined {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    return awaited;
  }
}

/** Whether an entry failed and its caller does not await it. */
function isUnheard({ awaited, outcome }: Entry): boolean {
  return !awaited && outcome?.error !== undefined;
}
