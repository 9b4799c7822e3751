/** The queue of one transaction, or of one savepoint in it. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import { flush } from '../flush/flush.ts';
import type { FlushTarget } from '../flush/target.ts';
import { type FlushReport, ReportBuilder } from '../report.ts';
import { commit, rollback, type Savepoint, setSavepoint } from '../send/transaction-commands.ts';
import type { FlushFailure } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { announceFlush } from './flush-channel.ts';
import type { TransactionState } from './transaction-state.ts';
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
    const { report, failure } = await this.#flushInLine(false);
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  /** At the end of the turn, since a statement of this turn may yet prove to stand before what is queued. */
  protected flushFull(): void {
    this.schedule();
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.#flushInLine(false);
  }

  /**
   * What a statement waits for, so that it reads what was written before it; nothing where nothing is queued.
   *
   * @param named entries that the statement refers to
   */
  beforeStatement(named: ReadonlySet<Entry> = nothingNamed): Promise<unknown> | undefined {
    const { open, flushes, waiting } = this.state;
    // A statement reads what the transaction has written, in whichever of its scopes.
    const queues = [...open].flatMap((scope) => scope.queueAhead(named) ?? []);
    if (queues.length === 0 && flushes === 0 && !waiting.isAny) return undefined;
    const turn = this.state.line.then(async () => {
      for (const flushAhead of queues) flushAhead();
      if (this.state.flushes > 0) await this.state.tail;
    });
    this.state.line = turn;
    return turn;
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
      if (ahead.length === 0) return;
      this.state.flushes += 1;
      this.#begin(ahead, false);
    };
  }

  /**
   * A statement of the caller's begins; marks what it means for the flushes behind it.
   *
   * @returns what to call when it has settled
   */
  beginStatement(isRaw: boolean): () => void {
    this.state.hasWorked = true;
    if (isRaw) this.state.isUnconfirmed = true;
    return this.state.underWay.begin();
  }

  /** A statement of this scope failed, whether or not its caller looks. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Runs statements of the library's own behind what is queued and what is on its way; others wait for them as for a flush. */
  async inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    await this.beforeStatement();
    const { underWay, tail } = this.state;
    const done = tail.then(() => underWay.allSent()).then(() => work(this.state.connection));
    this.state.flushes += 1;
    this.state.hasWorked = true;
    this.state.tail = done
      .catch(() => {})
      .finally(() => {
        this.state.flushes -= 1;
      });
    return done;
  }

  /** Flushes what is left and commits, in one flight. @throws what the transaction rejects with */
  async commit(): Promise<void> {
    await this.#settled();
    this.#throwFailure();
    if (this.queue.isEmpty) {
      this.end(committedError());
      // A statement that nobody waited for may have failed since, and COMMIT tells no more than that.
      return commit(this.state.connection).catch((error) => Promise.reject(this.#failure ?? error));
    }
    const flushed = this.#flushInLine(true);
    this.end(committedError());
    await flushed;
    if (this.#failure) throw this.#failure;
  }

  /** Drops what is queued and rolls back. */
  async abort(reason: Error): Promise<void> {
    this.drop(reason);
    await this.#settled();
    await rollback(this.state.connection);
  }

  /** Flushes what is left of a savepoint. @throws what its transaction rejects with */
  async release(): Promise<void> {
    await this.#settled();
    this.#throwFailure();
    const flushed = this.queue.isEmpty ? undefined : this.#flushInLine(false);
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
    await this.#settled();
    await mark.restore();
  }

  /** A savepoint for a nested transaction; BEGIN and what is queued go before it. */
  async nest(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    await this.beforeStatement();
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

  /**
   * Waits for flushes, and for the statements that the callback has executed without waiting for them: they
   * belong inside, as in drizzle.
   */
  async #settled(): Promise<void> {
    const { waiting, underWay } = this.state;
    while (this.state.flushes > 0 || waiting.isAny || underWay.isAny) {
      await this.state.line;
      await this.state.tail;
      await waiting.allSent();
      await underWay.allSent();
    }
  }

  /** Flushes what is queued now, in its turn: a statement that was executed before may yet take a part of it. */
  async #flushInLine(commits: boolean): Promise<Flushed> {
    const { now } = this.queue;
    this.state.flushes += 1;
    const turn = this.state.line.then(() => {
      const entries = this.queue.takeWhere((entry) => this.queue.isOlder(entry, now));
      return { flushed: this.#begin(entries, commits) };
    });
    this.state.line = turn;
    return (await turn).flushed;
  }

  /** Begins a flush, which runs behind those that have begun and the statements that are on their way. */
  #begin(entries: readonly Entry[], commits: boolean): Promise<Flushed> {
    const { underWay, tail } = this.state;
    const flushed = tail.then(() => underWay.allSent()).then(() => this.#write(entries, commits));
    this.state.tail = flushed.finally(() => {
      this.state.flushes -= 1;
    });
    return flushed;
  }

  async #write(entries: readonly Entry[], commits: boolean): Promise<Flushed> {
    const announced = announceFlush('transaction', entries);
    const report = new ReportBuilder();
    const { state } = this;
    const target: FlushTarget = {
      get connection() {
        return state.connection;
      },
      connect: async () => state.connection,
      run: (statement) => state.connection.send(statement),
      restart: state.hasWorked ? undefined : state.restart,
      commits,
      mayBeNamed: !commits,
      owned: false,
      isBounded: false,
      confirm: state.isUnconfirmed,
      facts: state.facts,
    };
    const failure = await flush(this.context, entries, target, report);
    state.hasWorked = true;
    if (failure) this.fail(failure.cause);
    else state.isUnconfirmed = false;
    return announced({ report: report.build(), failure });
  }
}

const nothingNamed: ReadonlySet<Entry> = new Set();

interface Flushed {
  readonly report: FlushReport;
  readonly failure: FlushFailure | undefined;
}

function committedError(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended; insert before its callback returns',
  );
}

function endedError(cause: Error): BatchedDrizzleError {
  return new BatchedDrizzleError('TRANSACTION_ENDED', 'the transaction has ended: it was rolled back', {
    cause,
  });
}
