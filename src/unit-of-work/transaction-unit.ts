/** The queue of one transaction, or of one savepoint in it. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { codeOf } from '../errors.ts';
import { flush } from '../flush/flush.ts';
import type { FlushScope } from '../flush/target.ts';
import { type FlushReport, ReportBuilder } from '../report.ts';
import { commit, rollback, type Savepoint, setSavepoint } from '../send/transaction-commands.ts';
import type { Entry } from '../take/entry.ts';
import { committedError, endedError } from './ended-errors.ts';
import { announceFlush, type Flushed } from './flush-channel.ts';
import type { TransactionState } from './transaction-state.ts';
import { TransactionTarget } from './transaction-target.ts';
import { UnitOfWork } from './unit-of-work.ts';

export class TransactionUnit extends UnitOfWork {
  protected ended: Error | undefined;
  /** The first error of a statement of this scope; the transaction can't commit any more. */
  #failure: Error | undefined;

  constructor(
    context: FlushContext,
    readonly state: TransactionState,
  ) {
    super(context);
    state.open.add(this);
  }

  async flush(): Promise<FlushReport> {
    this.warnOfDescribed();
    const refusal = this.takeRefusal()?.error;
    const { report, failure } = await this.#flush('inside');
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  /** At the end of the turn, since a statement of this turn may yet prove to stand before what is queued. */
  protected flushFull(): void {
    this.schedule();
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.#flush('inside');
  }

  /**
   * Runs a statement of the caller's: it sees every row that was queued before it.
   *
   * @param named entries that the statement refers to
   */
  statement<T>(isRaw: boolean, named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    const { state } = this;
    return state.line.statement(this.#queuesAhead(named), () => {
      state.hasWorked = true;
      if (isRaw) state.facts.doubt();
      return run();
    });
  }

  /** A statement sees what the transaction has written, in whichever of its scopes. */
  #queuesAhead(named: ReadonlySet<Entry>): (() => void)[] {
    return [...this.state.open].flatMap((scope) => scope.queueAhead(named) ?? []);
  }

  /**
   * What is queued before a statement, to be flushed when its turn has come; inserts that are awaited behind it
   * are not among it. In `Promise.all([tx.delete(t), tx.insert(t).values(row)])` the insert is made before the
   * delete executes, and yet comes after it: Promise.all has queued the jobs that call each `then` one behind the
   * other, so that a promise job later every insert of the group is known to be awaited.
   */
  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined {
    if (this.queue.isEmpty) return undefined;
    const { now } = this.queue;
    const unclaimed = this.queue.entries.filter((entry) => !entry.awaited && !named.has(entry));
    return () => {
      const behind = new Set(unclaimed.filter(({ awaited }) => awaited));
      const ahead = this.queue.takeWhere((entry) => this.queue.isOlder(entry, now) && !behind.has(entry));
      if (ahead.length > 0) this.state.line.run(() => this.#write(ahead, 'inside'));
    };
  }

  /** A statement of this scope failed, whether or not its caller looks. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Runs statements of the library's own behind the queue and the statements that are on their way. */
  async inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { line } = this.state;
    await line.enter(this.#queuesAhead(nothingNamed));
    this.state.hasWorked = true;
    return line.run(() => work(this.state.connection));
  }

  /** Flushes what is left and commits, in one flight. @throws what the transaction rejects with */
  async commit(): Promise<void> {
    await this.state.line.idle();
    this.#throwFailure();
    if (this.queue.isEmpty) {
      this.end(committedError());
      // A statement that nobody waited for may have failed since, and COMMIT tells no more than that.
      return commit(this.state.connection).catch((error) => Promise.reject(this.#failure ?? error));
    }
    const flushed = this.#flush('last');
    this.end(committedError());
    await flushed;
    if (this.#failure) throw this.#failure;
  }

  /** Drops what is queued and rolls back. */
  async abort(reason: Error): Promise<void> {
    this.drop(reason);
    await this.state.line.idle();
    await rollback(this.state.connection);
  }

  /** Flushes what is left of a savepoint. @throws what its transaction rejects with */
  async release(): Promise<void> {
    await this.state.line.idle();
    this.#throwFailure();
    const flushed = this.queue.isEmpty ? undefined : this.#flush('inside');
    this.end(committedError());
    await flushed;
    if (this.#failure) throw this.#failure;
  }

  #throwFailure(): void {
    const error = this.#failure ?? this.takeRefusal()?.error;
    if (error) throw error;
  }

  /** Goes back to a savepoint, dropping what is queued. */
  async restore(reason: Error, mark: Savepoint): Promise<void> {
    this.drop(reason);
    await this.state.line.idle();
    await mark.restore();
  }

  /** A savepoint for a nested transaction; BEGIN and what is queued go before it. */
  async nest(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    await this.state.line.enter(this.#queuesAhead(nothingNamed));
    const unit = new TransactionUnit(this.context, this.state);
    const mark = setSavepoint(this.state.connection, `s${this.state.savepoints++}`);
    this.state.hasWorked = true;
    mark.isSet.catch((error) => unit.fail(error));
    // In a transaction that has failed the server refuses it, and the callback must not run.
    if (this.#failure) await mark.isSet;
    return { unit, mark };
  }

  /** What the scope rejects with: a statement refused only because of an earlier one tells of that one, as in postgres.js. */
  explain(error: unknown): unknown {
    const isConsequence = codeOf(error) === '25P02' && !(error instanceof DrizzleQueryError);
    return isConsequence ? (this.#failure ?? error) : error;
  }

  /** Nothing can be queued from here on. */
  end(reason: Error): void {
    this.state.open.delete(this);
    this.ended ??= reason;
  }

  /** Rejects what is queued, quietly: its callers hear the reason that the transaction ended with. */
  drop(reason: Error): void {
    this.end(endedError(reason));
    for (const entry of this.queue.take()) entry.conclude({ error: reason });
  }

  /** Flushes what is queued now, in its turn. */
  #flush(scope: FlushScope): Promise<Flushed> {
    const { now } = this.queue;
    return this.state.line.flush(
      () => this.queue.takeWhere((entry) => this.queue.isOlder(entry, now)),
      (entries) => this.#write(entries, scope),
    );
  }

  async #write(entries: readonly Entry[], scope: FlushScope): Promise<Flushed> {
    const announced = announceFlush('transaction', entries);
    const report = new ReportBuilder();
    const failure = await flush(this.context, entries, new TransactionTarget(this.state, scope), report);
    this.state.hasWorked = true;
    if (failure) this.fail(failure.cause);
    return announced({ report: report.build(), failure });
  }
}

const nothingNamed: ReadonlySet<Entry> = new Set();
