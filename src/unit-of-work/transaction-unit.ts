/** The queue of one transaction, or of one savepoint in it. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { FlushScope } from '../flush/target.ts';
import { type FlushReport, ReportBuilder } from '../report.ts';
import { commit, rollback, type Savepoint, setSavepoint } from '../send/transaction-commands.ts';
import { whenNotified } from '../settle/notify-cache.ts';
import type { Entry } from '../take/entry.ts';
import { Closing } from './closing.ts';
import { committedError, endedError, explainEnd, firstFailure } from './ended-errors.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import { takeAhead } from './take-ahead.ts';
import type { Passage } from './transaction-line.ts';
import type { TransactionState } from './transaction-state.ts';
import { TransactionTarget } from './transaction-target.ts';
import { UnitOfWork } from './unit-of-work.ts';
import { writeBatch } from './write-batch.ts';

export class TransactionUnit extends UnitOfWork {
  protected ended: (() => Error) | undefined;
  /** The first error of a statement of this scope. The transaction can't commit any more. */
  #failure: Error | undefined;
  readonly #closing: Closing;

  constructor(
    context: FlushContext,
    readonly state: TransactionState,
  ) {
    super(context);
    state.open.add(this);
    this.#closing = new Closing(
      state.line,
      () => this.queue.isEmpty,
      () => this.state.close(committedError),
    );
  }

  async flush(): Promise<FlushReport> {
    this.warnOfDescribed();
    const refusal = this.takeRefusal()?.error;
    const { report, failure, entries } = await this.#flush('inside');
    await whenNotified(this.context.cache, entries);
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  /** At the end of the turn: a statement of this turn may still belong before the queued rows. */
  protected flushFull(): void {
    this.schedule();
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.#flush('inside');
  }

  /**
   * Runs a caller's statement. It sees every row that was queued before it.
   *
   * @param named entries that the statement refers to
   */
  statement<T>(isRaw: boolean, named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    const begin = () => this.state.work(isRaw, run);
    return this.state.line.statement(this.state.queuesAhead(named), begin, named.size > 0);
  }

  /** Runs what a caller's statement does before it is sent: drizzle asks the cache, which may use the transaction. */
  beforeStatement<T>(named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    return this.state.line.inTurn(this.state.queuesAhead(named), run, named.size > 0);
  }

  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined {
    const take = takeAhead(this.queue, named);
    if (!take) return undefined;
    return () => {
      const ahead = take();
      if (ahead.length > 0) this.state.line.run((passage) => this.#write(ahead, 'inside', passage));
    };
  }

  /** Records that a statement of this scope failed, also if its caller ignores that. */
  fail(error: Error): void {
    this.#failure = firstFailure(this.#failure, error);
  }

  /** Runs this library's own statements, after the queued rows and the statements on their way. */
  async inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { state } = this;
    await state.enter();
    if (this.ended) throw this.ended();
    state.hasWorked = true;
    return state.line.run(() => work(state.connection));
  }

  /** Flushes the queued rows and commits, in one flight. @throws the error that the transaction rejects with */
  async commit(): Promise<void> {
    while (!this.ended) {
      await this.#closing.idle();
      this.#throwFailure();
      if (this.queue.isEmpty) {
        this.state.close(committedError);
        // A statement that was not awaited may have failed since, and is the reason why COMMIT was refused.
        return commit(this.state.connection).catch((error) => Promise.reject(this.#failure ?? error));
      }
      await this.#flush('last');
      if (this.#failure) throw this.#failure;
    }
  }

  /** Drops the queued rows and rolls back. */
  async abort(reason: Error): Promise<void> {
    this.drop(reason);
    await this.state.line.idle();
    this.state.close(() => endedError(reason));
    await rollback(this.state.connection);
  }

  /** Flushes the queued rows of a savepoint. @throws the error that its transaction rejects with */
  async release(): Promise<void> {
    for (;;) {
      await this.#closing.idle();
      this.#throwFailure();
      if (this.queue.isEmpty) break;
      await this.#flush('inside');
    }
    this.end(committedError);
  }

  #throwFailure(): void {
    const error = this.#failure ?? this.takeRefusal()?.error ?? this.ended?.();
    if (error) throw error;
  }

  /** Rolls back to a savepoint, and drops the queued rows. */
  async restore(reason: Error, mark: Savepoint): Promise<void> {
    this.drop(reason);
    await this.state.line.idle();
    await mark.restore();
    // Locks that were taken behind the savepoint are released with it.
    this.state.facts.held.clear();
  }

  /** A savepoint for a nested transaction. BEGIN and the queued rows go before it. */
  async nest(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    // In a failed transaction the callback must not run.
    await this.state.enter();
    if (this.ended) throw this.ended();
    const unit = new TransactionUnit(this.context, this.state);
    const mark = setSavepoint(this.state.connection, `s${this.state.savepoints++}`);
    this.state.hasWorked = true;
    mark.isSet.catch((error) => unit.fail(error));
    // In a failed transaction the server refuses the savepoint, and the callback must not run.
    if (this.#failure) await mark.isSet;
    return { unit, mark };
  }

  /** The error that the scope rejects with. */
  explain(error: unknown): unknown {
    return explainEnd(error, this.#failure);
  }

  /** Rejects all later inserts. Most transactions get none, and make no error. */
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
  #flush(scope: FlushScope): Promise<Flushed> {
    const { now } = this.queue;
    return this.state.line.flush(
      () => this.queue.takeWhere((entry) => this.queue.isOlder(entry, now)),
      (entries, passage) => this.#write(entries, scope, passage),
    );
  }

  async #write(entries: readonly Entry[], scope: FlushScope, passage: Passage): Promise<Flushed> {
    // A row that an earlier flush writes has its key only when that is answered.
    if (passage.answered && entries.some(({ references }) => references.length > 0)) await passage.answered;
    const announced = announceFlush('transaction', entries);
    const report = new ReportBuilder();
    const target = new TransactionTarget(this.state, scope, this.#closing, passage.left);
    const failure = await writeBatch(this.context, target, entries, report);
    this.state.hasWorked = true;
    const isHeard = failure?.isUnsent && scope === 'inside' && entries.every(({ awaited }) => awaited);
    if (failure && !isHeard) this.fail(failure.cause);
    return announced({ report: report.build(), failure, entries });
  }
}
