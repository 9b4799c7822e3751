/** The queue of one transaction, or of one savepoint in it. */
import type { Connection } from './driver.ts';
import type { Entry } from './entry.ts';
import { BatchedDrizzleError } from './errors.ts';
import { type FlushContext, type FlushTarget, flush } from './flush.ts';
import { type FlushReport, ReportBuilder } from './report.ts';
import { commit, rollback, savepoint } from './send.ts';
import { UnitOfWork } from './unit-of-work.ts';

/** What a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
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
    const { report, failure } = await this.#flushQueue(false);
    const error = failure?.error ?? refusal;
    if (error) throw error;
    return report;
  }

  protected flushUnasked(): void {
    if (!this.queue.isEmpty) this.#flushQueue(false);
  }

  /** What a statement waits for, so that it reads what was written before it; nothing where nothing is queued. */
  beforeStatement(): Promise<unknown> | undefined {
    if (!this.queue.isEmpty) this.#flushQueue(false);
    return this.#underway > 0 ? this.#tail : undefined;
  }

  /** Marks what a statement of the caller's means for the flushes behind it. */
  noteStatement(isRaw: boolean): void {
    this.state.hasWorked = true;
    if (isRaw) this.state.isUnconfirmed = true;
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
    const flushed = this.#flushQueue(true);
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
    const flushed = this.queue.isEmpty ? undefined : this.#flushQueue(false);
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
    this.noteStatement(false);
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

  #flushQueue(
    commits: boolean,
  ): Promise<{ report: FlushReport; failure: { error: Error; cause: Error } | undefined }> {
    const entries = this.queue.take();
    this.#underway += 1;
    const run = this.#tail.then(() => this.#write(entries, commits));
    this.#tail = run.finally(() => {
      this.#underway -= 1;
    });
    return run;
  }

  async #write(entries: readonly Entry[], commits: boolean) {
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
