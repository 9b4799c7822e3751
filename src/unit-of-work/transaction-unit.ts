/** A transaction, or a savepoint in it, from its beginning to its end. */
import type { Connection } from '../driver/driver.ts';
import { asError } from '../errors.ts';
import { commit, rollback, type Savepoint, setSavepoint } from '../send/transaction-commands.ts';
import type { Entry } from '../take/entry.ts';
import {
  committedError,
  endedError,
  explainCommit,
  explainEnd,
  explainNotCommitted,
  isEnded,
  withCause,
} from './ended-errors.ts';
import { explainLate } from './late-failures.ts';
import type { OwnStatement } from './own-statement.ts';
import { ScopeUnit } from './scope-unit.ts';

export class TransactionUnit extends ScopeUnit {
  /**
   * Runs a caller's statement. It sees every row that was queued before it.
   *
   * @param run sends it by `hearing.hear()`, so that the answer is told in its place
   */
  statement<T>({ effect, named, claimed }: OwnStatement, run: () => Promise<T>): Promise<T> {
    const { state } = this;
    // Inserts that are awaited before its turn comes are behind it.
    state.noteEffect(effect);
    const begin = () => state.work(effect, run);
    const before = claimed && { scope: this, call: claimed.call };
    const running = state.line.statement(state.queuesAhead(named, before), begin, named.size > 0);
    return explainLate(state, running);
  }

  /** Runs what a caller's statement does before it is sent: drizzle asks the cache, which may use the transaction. */
  beforeStatement<T>(named: ReadonlySet<Entry>, run: () => Promise<T>): Promise<T> {
    return this.state.line.inTurn(this.state.queuesAhead(named), run, named.size > 0);
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

  /** Flushes the queued rows and commits, in one flight. @throws the error that the transaction rejects with */
  async commit(): Promise<void> {
    let isFailed = false;
    while (!this.ended) {
      await this.closing.idle();
      if (this.failed.error) await this.#mend();
      isFailed = this.failed.error !== undefined && (await this.#mustCommitFailed());
      if (!isFailed) {
        this.#throwNotCommitted();
        this.#throwFailure();
      }
      if (this.queue.isEmpty) return this.#commit();
      // An error of the cache must be heard before COMMIT leaves.
      await this.flushQueue(isFailed || (this.state.queued && this.context.cache) ? 'inside' : 'last');
      isFailed = this.failed.error !== undefined && (await this.#mustCommitFailed());
      if (!isFailed) this.#throwNotCommitted();
    }
    if (isFailed) await this.#commit();
  }

  async #commit(): Promise<void> {
    this.state.close(committedError);
    try {
      await commit(this.state.connection);
    } catch (thrown) {
      const error = asError(thrown);
      if (this.context.driver.framing.commitsFailed) throw withCause(error, this.failed.error);
      // A statement that was not awaited may have failed since, and is the reason why COMMIT was refused.
      this.#throwNotCommitted();
      // A raw COMMIT or ROLLBACK may have been the callback's last statement.
      if (!isEnded(error) || !this.state.connection.hasBegun) throw explainCommit(error, this.context.driver);
    }
  }

  /**
   * A value that the driver refuses does not fail the server's transaction, and a raw rollback to a savepoint mends it.
   *
   * @returns whether the server refuses what is sent; `undefined` if that is not known
   */
  async #mend(): Promise<boolean | undefined> {
    const isFailed = await this.state.connection.isFailed?.();
    this.failed.mendIf(isFailed);
    return isFailed;
  }

  /** Whether the transaction rejects with what COMMIT answers. COMMIT must not leave if the server would commit. */
  async #mustCommitFailed(): Promise<boolean> {
    const { connection, lateFailure } = this.state;
    if (lateFailure || !this.context.driver.framing.commitsFailed) return false;
    return (await connection.isFailed?.()) === true;
  }

  /** Drops the queued rows and rolls back. */
  async abort(reason: Error): Promise<void> {
    this.drop(reason);
    await this.state.line.idle();
    this.state.close(() => endedError(reason, this.context.driver.errors));
    this.#logRollback();
    await rollback(this.state.connection);
  }

  /** As drizzle executes it. It is rolled back, whatever the logger throws. */
  #logRollback(): void {
    if (!this.context.driver.framing.executesEnds) return;
    try {
      this.context.logger.logQuery('rollback', []);
    } catch {}
  }

  /** Flushes the queued rows of a savepoint. @throws the error that its transaction rejects with */
  async release(mark: Savepoint): Promise<void> {
    for (;;) {
      await this.#idle();
      const isFailed = this.failed.error && (await this.#mend());
      // Where drizzle releases it as a statement, it is that statement which fails.
      const { executesSavepoints } = this.context.driver.framing;
      if (this.failed.error && isFailed !== false && !this.state.lateFailure && executesSavepoints)
        await this.state.inTurn(() => this.state.hearing.hear(() => mark.release()));
      this.#throwFailure();
      if (this.queue.isEmpty) break;
      await this.flushQueue('inside');
    }
    this.end(committedError);
  }

  /** What other scopes have under way may go on beside the end of this one, as in drizzle. */
  async #idle(): Promise<void> {
    while (this.underWay.isAny || this.closing.isNotifying) {
      await this.underWay.allLeft();
      await this.closing.notified();
    }
  }

  #throwNotCommitted(): void {
    if (this.failed.error) throw explainNotCommitted(this.failed.error, this.context.driver);
  }

  #throwFailure(): void {
    const error = this.failed.error ?? this.takeRefusal()?.error ?? this.ended?.();
    if (error) throw error;
  }

  /** Rolls back to a savepoint, and drops the queued rows. */
  async restore(reason: Error, mark: Savepoint): Promise<void> {
    this.drop(reason);
    const { state } = this;
    await state.inTurn(() => {
      state.facts.rolledBack();
      state.queued?.ahead.forget();
      return state.hearing.hear(() => mark.restore());
    });
    state.lateFailure = undefined;
  }

  /** A savepoint for a nested transaction. BEGIN and the queued rows go before it. */
  nest(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    this.state.nesting += 1;
    const nested = this.#nest().finally(() => {
      this.state.nesting -= 1;
    });
    return explainLate(this.state, nested);
  }

  async #nest(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    // It stands where drizzle's does among the statements that are executed with it.
    if (this.context.driver.framing.executesSavepoints) await undefined;
    // In a failed transaction the callback must not run.
    return this.state.inTurn(() => this.#open(), true);
  }

  async #open(): Promise<{ unit: TransactionUnit; mark: Savepoint }> {
    if (this.ended) throw this.ended();
    const { state } = this;
    const depth = this.depth + 1;
    const { mayFail, hearing } = state;
    const name = this.context.driver.framing.savepoint(depth, state.savepoints++);
    const mark = setSavepoint(this.context, state.connection, name);
    state.hasWorked = true;
    // In a failed transaction the server refuses the savepoint, and the callback must not run. Else nothing is waited for.
    await (mayFail ? hearing.hear(() => mark.isSet) : hearing.answered());
    const unit = new TransactionUnit(this.context, state, depth);
    mark.isSet.catch((error) => unit.fail(error));
    return { unit, mark };
  }

  /** The error that the scope rejects with. */
  explain(error: unknown): unknown {
    return this.context.driver.framing.hidesConsequences ? explainEnd(error, this.failed.error) : error;
  }
}
