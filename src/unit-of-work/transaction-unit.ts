/** A transaction, or a savepoint in it, from its beginning to its end. */

import { asError } from '../errors.ts';
import { commit, rollback, type Savepoint, setSavepoint } from '../send/transaction-commands.ts';
import {
  committedError,
  endedError,
  explainCommit,
  explainEnd,
  explainNotCommitted,
  withCause,
} from './ended-errors.ts';
import { explainLate } from './late-failures.ts';
import { ScopeUnit } from './scope-unit.ts';

export class TransactionUnit extends ScopeUnit {
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
      throw explainCommit(error, this.context.driver);
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
    this.state.close(() => endedError(reason));
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
      await this.closing.idle();
      const isFailed = this.failed.error && (await this.#mend());
      // Where drizzle releases it as a statement, it is that statement which fails.
      if (this.failed.error && isFailed !== false && !this.state.lateFailure) await mark.release();
      this.#throwFailure();
      if (this.queue.isEmpty) break;
      await this.flushQueue('inside');
    }
    this.end(committedError);
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
    await this.state.line.idle();
    await mark.restore();
    // Locks that were taken behind the savepoint are released with it.
    this.state.facts.held.clear();
    this.state.queued?.ahead.forget();
    this.state.lateFailure = undefined;
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
    // In a failed transaction the callback must not run.
    await this.state.enter();
    if (this.ended) throw this.ended();
    const unit = new TransactionUnit(this.context, this.state, this.depth + 1);
    const name = this.context.driver.framing.savepoint(unit.depth, this.state.savepoints++);
    const mark = setSavepoint(this.context, this.state.connection, name);
    this.state.hasWorked = true;
    mark.isSet.catch((error) => unit.fail(error));
    // In a failed transaction the server refuses the savepoint, and the callback must not run.
    if (this.failed.error) await mark.isSet;
    return { unit, mark };
  }

  /** The error that the scope rejects with. */
  explain(error: unknown): unknown {
    return this.context.driver.framing.hidesConsequences ? explainEnd(error, this.failed.error) : error;
  }
}
