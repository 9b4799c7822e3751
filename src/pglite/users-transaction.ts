/** A transaction that a program begins by `db.transaction()`. */
import type { Transaction } from '@electric-sql/pglite';
import type { StatementListener } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Instance } from './client.ts';
import { answerOf, PgliteConnection } from './connection.ts';
import { ended, isAnswered } from './errors.ts';
import { Lane } from './lane.ts';

interface Ends {
  /** Has PGlite send COMMIT. */
  commit(): void;
  /** Has PGlite send ROLLBACK. */
  rollback(reason: Error): void;
  /** Settles like `client.transaction()` itself. */
  readonly over: Promise<unknown>;
}

/**
 * `client.transaction()` itself takes the lock, sends BEGIN, COMMIT and ROLLBACK, and makes the object by which drizzle sends
 * its statements. So all of that is as in drizzle, errors of COMMIT too. Statements of this library go beside that object, by
 * the protocol.
 *
 * Settles when BEGIN is answered.
 */
export function beginUsersTransaction(instance: Instance): Promise<UsersTransaction> {
  return new Promise((resolve, reject) => {
    const over = instance.transaction(
      (tx) =>
        new Promise<void>((commit, rollback) => {
          // The promise that PGlite gives is there when BEGIN is answered.
          const ends = { commit, rollback, over: Promise.resolve().then(() => over) };
          ends.over.catch(() => {});
          resolve(new UsersTransaction(instance, tx, ends));
        }),
    );
    over.catch(reject);
  });
}

export class UsersTransaction extends PgliteConnection {
  readonly isJoined = false;
  readonly #tx: Transaction;
  readonly #ends: Ends;
  readonly #own: Lane;
  /** The program has called the `rollback()` of PGlite's own transaction. */
  #isClosed = false;
  #committed: Promise<Answer> | undefined;

  constructor(instance: Instance, tx: Transaction, ends: Ends) {
    const lane = new Lane(instance, false);
    super(lane);
    this.#own = lane;
    this.#tx = tx;
    this.#ends = ends;
  }

  protected override async noted(work: () => Promise<Answer>): Promise<Answer> {
    // As PGlite's own says. Behind its ROLLBACK each statement would commit by itself.
    if (this.#isClosed) throw new Error('Transaction is closed');
    return super.noted(work);
  }

  /** The server is asked, since the program's own statements may have failed the transaction, or mended it. */
  async isFailed(): Promise<boolean> {
    if (this.isOpen) await this.#own.ask();
    return this.#own.status === 'E';
  }

  async finish({ text }: Statement): Promise<Answer> {
    // The answer to a COMMIT that has travelled with a flight is asked for again, if that flight has failed.
    if (text === 'commit' && this.#committed) return this.#committed;
    if (!this.isOpen) throw ended();
    this.hasFinished = true;
    this.isOpen = false;
    if (text === 'commit') {
      this.#committed = this.#commit();
      return this.#committed;
    }
    const reason = new Error('the transaction is rolled back');
    this.#ends.rollback(reason);
    await this.#ends.over.catch((error) => {
      if (error !== reason) throw error;
    });
    return answerOf('ROLLBACK');
  }

  async #commit(): Promise<Answer> {
    // Older versions of PGlite do not look at COMMIT's tag, and would call a transaction committed that was rolled back.
    const status = await this.#own.ask().catch(() => undefined);
    this.#ends.commit();
    await this.#ends.over;
    return answerOf(status === 'E' ? 'ROLLBACK' : 'COMMIT');
  }

  client({ sent, failed }: StatementListener): unknown {
    const tx = this.#tx;
    /** PGlite takes its place in the line in this very call, behind the statements of this library. */
    const watched =
      <Args extends unknown[], T>(send: (...args: Args) => Promise<T>) =>
      (...args: Args): Promise<T> => {
        this.#own.close();
        const answer = send(...args);
        sent();
        answer.catch((thrown) => {
          const error = asError(thrown);
          this.failing.note(error);
          // A value that PGlite refuses leaves the transaction as it is.
          if (isAnswered(error)) failed(error);
        });
        return answer;
      };
    const { query, sql, exec, listen } = tx;
    const rollback = (): Promise<void> => {
      this.#isClosed = true;
      return tx.rollback();
    };
    return Object.assign(Object.create(tx), {
      query: watched(query),
      sql: watched(sql),
      exec: watched(exec),
      rollback: watched(rollback),
      listen: watched(listen),
    });
  }
}
