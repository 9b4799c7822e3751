/** The queue of one transaction, or of one savepoint in it. */
import type { Connection } from './driver.ts';
import type { Entry } from './entry.ts';
import { BatchedDrizzleError } from './errors.ts';
import { type FlushContext, type FlushFailure, type FlushTarget, flush } from './flush.ts';
import { type FlushReport, ReportBuilder } from './report.ts';
import { commit, rollback, savepoint } from './send.ts';
import { UnderWay } from './under-way.ts';
import { UnitOfWork } from './unit-of-work.ts';

/** What a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
  readonly underWay = new UnderWay();
  /** Something beside BEGIN has been sent for the caller: what failed can't be sent again behind his back. */
  hasWorked = false;
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last seen to hold. */
  isUnconfirmed = false;

  constructor(
    public connection: Connection,
    /** Begins it anew: BEGIN on the same connection, or on another where that one has gone back to the pool. */
    readonly restart: () => Promise<void>,
  ) {}
}

export class TransactionUnit extends UnitOfWork {
  protected ended: Error | undefined;
  /** The first error of a statement of this scope; the transaction can't commit any more. */
  #failure: Error | undefined;
  /** Flushes run one after the other; settles, and never rejects, when the last one has. */
  #tail: Promise<unknown> = Promise.resolve();
  #underway = 0;

  constructor(
    context: FlushContext,
    readonly state: TransactionState,
  ) {
    super(context);
  }

  async flush(): Promise<FlushReport> {
    this.warnOfDescribed();
    const refusal = this.takeRefusal();
    const { report, failure } = await this.#start(this.queue.take(), false);
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.#start(this.queue.take(), false);
  }

  /** What a statement waits for, so that it reads what was written before it; nothing where nothing is queued. */
  beforeStatement(): Promise<unknown> | undefined {
    if (!this.queue.isEmpty) return this.#flushAhead();
    return this.#underway > 0 ? this.#tail : undefined;
  }

  /**
   * Flushes what is queued, but for inserts that are awaited behind the statement: in
   * `Promise.all([tx.delete(t), tx.insert(t).values(row)])` the insert is made before the delete executes, and
   * yet comes after it. Promise.all has queued the jobs that call each `then` one behind the other, so that a
   * promise job later every insert of the group is known to be awaited.
   */
  async #flushAhead(): Promise<void> {
    const queued = new Set(this.queue.entries);
    const unclaimed = [...queued].filter(({ awaited }) => !awaited);
    if (unclaimed.length > 0) await undefined;
    const behind = new Set(unclaimed.filter(({ awaited }) => awaited));
    const ahead = this.queue.takeWhere((entry) => queued.has(entry) && !behind.has(entry));
    if (ahead.length > 0) this.#start(ahead, false);
    if (this.#underway > 0) await this.#tail;
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

  /** Flushes what is left and commits, in one flight. @throws what the transaction rejects with */
  async commit(): Promise<void> {
    await this.#tail;
    this.#throwFailure();
    if (this.queue.isEmpty) {
      this.end(committedError());
      return commit(this.state.connection);
    }
    const flushed = this.#start(this.queue.take(), true);
    this.end(committedError());
    await flushed;
    if (this.#failure) throw this.#failure;
  }

  /** Drops what is queued and rolls back. */
  async abort(reason: Error): Promise<void> {
    this.drop(reason);
    await this.#tail;
    await rollback(this.state.connection);
  }

  /** Flushes what is left of a savepoint. @throws what its transaction rejects with */
  async release(): Promise<void> {
    await this.#tail;
    this.#throwFailure();
    const flushed = this.queue.isEmpty ? undefined : this.#start(this.queue.take(), false);
    this.end(committedError());
    await flushed;
    if (this.#failure) throw this.#failure;
  }

  #throwFailure(): void {
    const error = this.#failure ?? this.takeRefusal();
    if (error) throw error;
  }

  /** Goes back to a savepoint, dropping what is queued. */
  async restore(reason: Error, mark: ReturnType<typeof savepoint>): Promise<void> {
    this.drop(reason);
    await this.#tail;
    await mark.restore();
  }

  /** A savepoint for a nested transaction; BEGIN and what is queued go before it. */
  async nest(): Promise<{ unit: TransactionUnit; mark: ReturnType<typeof savepoint> }> {
    await this.beforeStatement();
    const unit = new TransactionUnit(this.context, this.state);
    const mark = savepoint(this.state.connection, `s${this.state.savepoints++}`);
    this.state.hasWorked = true;
    // It travels with what comes next; if it fails, so does everything behind it.
    mark.set().catch((error) => unit.fail(error));
    return { unit, mark };
  }

  /** Nothing can be queued from here on. */
  end(reason: Error): void {
    this.ended ??= reason;
  }

  /** Rejects what is queued, quietly: its callers hear the reason that the transaction ended with. */
  drop(reason: Error): void {
    this.end(endedError(reason));
    for (const entry of this.queue.take()) entry.conclude({ error: reason });
  }

  #start(entries: readonly Entry[], commits: boolean): Promise<Flushed> {
    this.#underway += 1;
    const run = this.#tail
      .then(() => this.state.underWay.allSent())
      .then(() => this.#write(entries, commits));
    this.#tail = run.finally(() => {
      this.#underway -= 1;
    });
    return run;
  }

  async #write(entries: readonly Entry[], commits: boolean): Promise<Flushed> {
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
      confirm: state.isUnconfirmed,
    };
    const failure = await flush(this.context, entries, target, report);
    state.hasWorked = true;
    if (failure) this.fail(failure.cause);
    else state.isUnconfirmed = false;
    return { report: report.build(), failure };
  }
}

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
