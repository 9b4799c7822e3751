/** The queue of the database itself: each flush is a transaction of its own. */
import { AsyncResource } from 'node:async_hooks';
import { flushEach } from '../bisect/bisect.ts';
import { type FlushReport, ReportBuilder } from '../report.ts';
import { refusedInShared } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { behindThisCall } from '../take/schedule.ts';
import { unwatch, watch } from './exit-warning.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import { UnitOfWork } from './unit-of-work.ts';

export class DatabaseUnit extends UnitOfWork {
  protected readonly ended = undefined;
  /** A flush on behalf of several callers runs in nobody's context but the one the database was made in. */
  readonly #context = new AsyncResource('BatchedDatabase');
  /** What went wrong for inserts that nobody awaited, for the next `flush()` to tell. */
  #unreported: Error | undefined;

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
    // What others have queued is written too, and not in this caller's context.
    const { report, failure } = await this.#context.runInAsyncScope(() => this.#write(this.queue.take()));
    const error = failure?.error ?? this.#takeUnreported() ?? this.#takeSharedRefusal();
    if (error) throw error;
    return report;
  }

  /** Told once, and not lost where a flush has something of its own to tell. */
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
    behindThisCall(() => {
      if (this.isFull) this.flushUnasked(true);
    });
  }

  protected flushUnasked(everything: boolean): void {
    if (this.queue.isEmpty) return;
    const entries = everything ? this.queue.take() : this.queue.takeWhere(({ awaited }) => awaited);
    this.#context.runInAsyncScope(async () => {
      const { failure } = await this.#write(entries);
      if (failure && entries.some(isUnheard)) this.#unreported ??= failure.error;
    });
  }

  async #write(entries: readonly Entry[]): Promise<Flushed> {
    if (this.queue.isEmpty) unwatch(this);
    const announced = announceFlush('database', entries);
    const report = new ReportBuilder();
    const failure = await flushEach(this.context, entries, report);
    return announced({ report: report.build(), failure });
  }
}

/** Failed, with nobody to hear of it. */
function isUnheard({ awaited, outcome }: Entry): boolean {
  return !awaited && outcome?.error !== undefined;
}
