/** The queue of one transaction, or of one savepoint in it, and its flushes. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { FlushScope } from '../flush/target.ts';
import type { FlushReport, ReportBuilder } from '../report.ts';
import { whenNotified } from '../settle/notify-cache.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { LateEntry } from '../take/late-entry.ts';
import { behindTicks } from '../take/schedule.ts';
import { AwaitedQueue } from './awaited-queue.ts';
import { Closing } from './closing.ts';
import { committedError, endedError, explainFlush } from './ended-errors.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import { explainStatement, hearCache } from './late-failures.ts';
import { ScopeFailure } from './scope-failure.ts';
import { takeAhead } from './take-ahead.ts';
import type { Passage } from './transaction-line.ts';
import type { StatementEffect, TransactionState } from './transaction-state.ts';
import { TransactionTarget } from './transaction-target.ts';
import { UnitOfWork } from './unit-of-work.ts';
import { writeBatch } from './write-batch.ts';

/** So many answered rows wait at most, as many as keys are drawn at once. More make no loop faster, and cost memory. */
const mostQueued = 1_024;

export abstract class ScopeUnit extends UnitOfWork {
  protected ended: (() => Error) | undefined;
  protected readonly failed = new ScopeFailure();
  protected readonly closing: Closing;
  readonly #awaited: AwaitedQueue;

  constructor(
    context: FlushContext,
    readonly state: TransactionState,
    /** How deep it is nested: 0 for the transaction itself. */
    readonly depth = 0,
  ) {
    super(context, behindTicks);
    state.open.add(this);
    this.#awaited = new AwaitedQueue(this.queue, (entry) => this.#writeNow(entry));
    this.closing = new Closing(
      state.line,
      () => this.queue.isEmpty,
      () => this.state.close(committedError),
    );
  }

  override enqueue(entry: Entry): void {
    const { queued } = this.state;
    if (queued) entry.late ??= new LateEntry(this.enqueue);
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
    return super.isFull || (this.state.queued !== undefined && this.queue.rows >= mostQueued);
  }

  protected override hold(): () => void {
    return this.state.connection.hold?.() ?? super.hold();
  }

  /** At the end of the turn: a statement of this turn may still belong before the queued rows. */
  protected flushFull(): void {
    this.schedule();
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.flushQueue('inside');
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
    if (!isInnermost) this.state.writeOthers(this);
    queued.ahead.writes(entry);
    return false;
  }

  #writeNow(entry: Entry): void {
    this.state.queued?.ahead.writes(entry);
    this.schedule();
  }

  /**
   * Runs a caller's statement. It sees every row that was queued before it.
   *
   * @param named entries that the statement refers to
   */
  statement<T>(effect: StatementEffect, named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    // Inserts that are awaited before its turn comes are behind it.
    this.state.noteEffect(effect);
    const begin = () => this.state.work(effect, run);
    const running = this.state.line.statement(this.state.queuesAhead(named), begin, named.size > 0);
    return explainStatement(this.state, running);
  }

  /** Runs what a caller's statement does before it is sent: drizzle asks the cache, which may use the transaction. */
  beforeStatement<T>(named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    return this.state.line.inTurn(this.state.queuesAhead(named), run, named.size > 0);
  }

  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined {
    const take = takeAhead(this.queue, named);
    if (!take) return undefined;
    return () => {
      const ahead = this.state.taken(take());
      if (ahead.length > 0) this.state.line.run((passage) => this.#write(ahead, 'inside', passage));
    };
  }

  /** Also if its caller ignores that. */
  fail(error: Error, isHeard = false): void {
    this.failed.note(error, isHeard);
  }

  /** Runs this library's own statements, after the queued rows and the statements on their way. */
  async inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { state } = this;
    await state.enter();
    if (this.ended) throw this.ended();
    state.hasWorked = true;
    state.noteEffect('writes');
    return state.line.run(() => work(state.connection));
  }

  end(reason: () => Error): void {
    this.state.open.delete(this);
    this.ended ??= reason;
  }

  /** Rejects the queued rows with the error that ended the transaction. The flush reports no failure. */
  drop(reason: Error): void {
    this.close(() => endedError(reason), reason);
  }

  close(reason: () => Error, dropped?: Error): void {
    this.end(reason);
    for (const entry of this.queue.take()) entry.conclude({ error: dropped ?? reason() });
  }

  /** Flushes the rows that are queued now, when its turn comes. */
  protected flushQueue(scope: FlushScope): Promise<Flushed> {
    const { now } = this.queue;
    return this.state.line.flush(
      () => this.state.taken(this.queue.takeWhere((entry) => this.queue.isOlder(entry, now))),
      (entries, passage) => this.#write(entries, scope, passage),
    );
  }

  #write(entries: readonly Entry[], scope: FlushScope, { left, answered }: Passage): Promise<Flushed> {
    const write = () =>
      announceFlush('transaction', entries, (report) => this.#send(entries, scope, left, report));
    // A row that an earlier flush writes has its key only when that is answered.
    const waits = answered && entries.some(({ references }) => references.length > 0);
    return waits ? answered.then(write) : write();
  }

  async #send(entries: readonly Entry[], scope: FlushScope, left: () => void, report: ReportBuilder) {
    const { queued } = this.state;
    if (queued) queued.ahead.take(entries);
    const target = new TransactionTarget(this.state, scope, this.closing, { left, failLate: this.#failLate });
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
