/** The queue of one transaction, or of one savepoint in it, and its flushes. */
import type { FlushContext } from '../context.ts';
import type { FlushScope } from '../flush/target.ts';
import type { FlushReport, ReportBuilder } from '../report.ts';
import { whenNotified } from '../settle/notify-cache.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { LateEntry } from '../take/late-entry.ts';
import { AwaitedQueue } from './awaited-queue.ts';
import { Closing } from './closing.ts';
import { committedError, endedError, explainFlush } from './ended-errors.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import { InFlight } from './in-flight.ts';
import { hearCache } from './late-failures.ts';
import { ScopeFailure } from './scope-failure.ts';
import { takeAhead } from './take-ahead.ts';
import type { Passage } from './transaction-line.ts';
import type { TransactionState } from './transaction-state.ts';
import { type PartsOfFlush, TransactionTarget } from './transaction-target.ts';
import { UnitOfWork } from './unit-of-work.ts';
import { writeBatch } from './write-batch.ts';

const nothingLeft: Promise<unknown> = Promise.resolve();

export abstract class ScopeUnit extends UnitOfWork {
  protected ended: (() => Error) | undefined;
  protected readonly failed = new ScopeFailure();
  protected readonly closing: Closing;
  /** The flushes that this scope has under way; other scopes of the transaction have their own. */
  protected readonly underWay = new InFlight();
  readonly #awaited: AwaitedQueue;

  constructor(
    context: FlushContext,
    readonly state: TransactionState,
    /** How deep it is nested: 0 for the transaction itself. */
    readonly depth = 0,
  ) {
    super(context, (dispatch) => state.hearing.behindTicks(dispatch));
    state.open.add(this);
    this.#awaited = new AwaitedQueue(this.queue, (entry) => this.#writeNow(entry));
    this.closing = new Closing(
      state.line,
      () => this.queue.isEmpty,
      () => this.state.close(committedError),
    );
  }

  /** drizzle's own number of the scope. Where its driver nests by itself, drizzle does not count. */
  get nestedIndex(): number {
    return this.context.driver.framing.executesSavepoints ? this.depth : 0;
  }

  override enqueue(entry: Entry): void {
    const { queued, open } = this.state;
    if (queued) entry.late ??= new LateEntry(this.enqueue);
    // Rows of two queues would be written queue by queue, and not in the order of the calls.
    if (open.size > 1) this.state.writeOthers(this);
    super.enqueue(entry);
    queued?.ahead.give(entry);
  }

  async flush(): Promise<FlushReport> {
    this.warnOfDescribed();
    const refusal = this.takeRefusal()?.error;
    const { report, failure, entries } = await this.flushQueue('inside');
    await whenNotified(this.context.cache, entries);
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  protected override get isFull(): boolean {
    return super.isFull || this.state.queued?.isFull(this.queue.rows) === true;
  }

  protected override hold(): () => void {
    return this.state.connection.hold?.() ?? super.hold();
  }

  /** At the end of the turn: a statement of this turn may still belong before the queued rows. */
  protected flushFull(): void {
    this.schedule();
  }

  flushUnasked(): void {
    if (this.queue.isEmpty) return;
    const write = (entries: readonly Entry[], passage: Passage): Promise<unknown> =>
      // A statement before it may have taken all of them. Nobody shall wait for an answer then.
      entries.length > 0 ? this.#write(entries, 'inside', passage) : nothingLeft;
    this.underWay.track(this.#inLine(write));
  }

  /** After a failure that nobody has heard nothing more is sent for an insert. */
  override wait(entry: Entry, isWritten?: boolean): Promise<unknown> {
    const { lateFailure } = this.state;
    if (lateFailure && !entry.outcome && !entry.late?.isTold) {
      this.withdraw(entry);
      entry.conclude({ error: new BatchedInsertError(ownInsert(entry), lateFailure) });
    }
    return super.wait(entry, isWritten);
  }

  protected override isAnswered(entry: Entry): boolean {
    const { queued } = this.state;
    if (!queued || entry.late?.isTold) return queued !== undefined;
    const isInnermost = this.state.isInnermost(this);
    // A full queue is written first, so that a loop of any length needs no more memory.
    if (isInnermost && !this.isFull && queued.answer(entry, this.#awaited)) return true;
    queued.ahead.writes(entry);
    return false;
  }

  #writeNow(entry: Entry): void {
    this.state.queued?.ahead.writes(entry);
    this.schedule();
  }

  queueAhead(named: ReadonlySet<Entry>, before?: number): (() => void) | undefined {
    const take = takeAhead(this.queue, named, before);
    if (!take) return undefined;
    return () => {
      const ahead = this.state.taken(take());
      if (ahead.length > 0)
        this.underWay.track(this.state.line.run((passage) => this.#write(ahead, 'inside', passage)));
    };
  }

  get hasFailed(): boolean {
    return this.failed.error !== undefined;
  }

  /** Also if its caller ignores that. */
  fail(error: Error, isHeard = false): void {
    this.failed.note(error, isHeard);
  }

  end(reason: () => Error): void {
    this.state.open.delete(this);
    this.ended ??= reason;
  }

  /** Rejects the queued rows with the error that ended the transaction. The flush reports no failure. */
  drop(reason: Error): void {
    this.close(() => endedError(reason, this.context.driver.errors), reason);
  }

  close(reason: () => Error, dropped?: Error): void {
    this.end(reason);
    for (const entry of this.queue.take()) entry.conclude({ error: dropped ?? reason(), isQuiet: true });
  }

  /** Flushes the rows that are queued now, when its turn comes. */
  protected flushQueue(scope: FlushScope): Promise<Flushed> {
    return this.underWay.track(this.#inLine((entries, passage) => this.#write(entries, scope, passage)));
  }

  #inLine<T>(write: (entries: readonly Entry[], passage: Passage) => Promise<T>): Promise<T> {
    const { now } = this.queue;
    const take = () => this.state.taken(this.queue.takeWhere((entry) => this.queue.isOlder(entry, now)));
    return this.state.line.flush(take, write);
  }

  #write(entries: readonly Entry[], scope: FlushScope, { left, answered }: Passage): Promise<Flushed> {
    const place = this.state.hearing.take();
    const own = { left, place, failLate: this.#failLate };
    const send = (report: ReportBuilder) => this.#send(entries, scope, own, report);
    const write = async () => {
      try {
        return await announceFlush('transaction', entries, send);
      } finally {
        await place.end();
      }
    };
    // A row that an earlier flush writes has its key only when that is answered.
    const waits = answered && entries.some(({ references }) => references.length > 0);
    return waits ? answered.then(write) : write();
  }

  async #send(entries: readonly Entry[], scope: FlushScope, own: PartsOfFlush, report: ReportBuilder) {
    const { queued } = this.state;
    if (queued) queued.ahead.take(entries);
    const target = new TransactionTarget(this.state, scope, this.closing, own);
    const failure = await writeBatch(this.context, target, entries, report);
    this.state.hasWorked = true;
    const isAwaited = entries.every(({ awaited, late }) => awaited && !late?.isTold);
    const isHeard = failure?.isUnsent && scope === 'inside' && isAwaited;
    if (failure && !isHeard) this.fail(explainFlush(failure, this.context.driver), isAwaited);
    if (queued) hearCache(entries, this.closing.watch, this.#failLate);
    return failure;
  }

  readonly #failLate = (error: Error): void => {
    this.state.lateFailure ??= error;
    this.fail(error);
  };
}
