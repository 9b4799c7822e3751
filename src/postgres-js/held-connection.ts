/** A connection of the pool, held for one transaction without waiting for BEGIN's answer. */
import { explainConsequence } from '../driver/consequence.ts';
import { withoutLine } from '../driver/copy-line.ts';
import type { StatementListener } from '../driver/driver.ts';
import { type Answer, CopyStatement, command, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { leaveAhead } from './ahead.ts';
import { Beginning } from './beginning.ts';
import { type CopyFeed, makeCopy } from './copy.ts';
import { ended, isLoss, postgresJsErrors } from './errors.ts';
import type { Client, PoolConnection, Query } from './internals.ts';
import { keepFromPool, returnToPool } from './keep-from-pool.ts';
import { letGo, makeQuery, rejectUnsent, route } from './query.ts';
import type { Repeats } from './repeats.ts';

export class HeldConnection extends Beginning {
  hasFinished = false;
  readonly #client: Client;
  readonly #connection: PoolConnection;
  readonly #executeOn: PoolConnection['execute'];
  readonly #outstanding = new Set<Query>();
  #waiting: Query[] = [];
  #isBlocked = false;
  /** Everything sent has been answered. BEGIN is answered first. */
  #isIdle = false;
  #isFinishing = false;
  /** COMMIT and ROLLBACK. They may wait: for the rows of a COPY, or for the answer to a description. */
  readonly #endings: Query[] = [];
  #closed: Error | undefined;
  #refusal: Error | undefined;
  #failure: Error | undefined;

  constructor(
    client: Client,
    connection: PoolConnection,
    private readonly describes: boolean,
    isMarked: boolean,
    private readonly repeats: Repeats,
  ) {
    super(isMarked);
    this.#client = client;
    this.#connection = connection;
    // postgres.js calls `reserved` when all is answered and the transaction is open. Otherwise it takes the
    // connection back, unless `release` is set.
    connection.reserved = Object.assign(this.#resume, { release: false });
    connection.onclose = this.#close;
    this.#executeOn = keepFromPool(connection);
  }

  get isOpen(): boolean {
    return !this.#closed && this.#connection.reserved === this.#resume;
  }

  refuse(error: Error): void {
    this.#refusal = error;
    this.#abandon(error);
    for (const query of this.#outstanding) if (query.sent) query.reject(error);
    this.lose(error);
  }

  async send(statement: Statement): Promise<Answer> {
    if (statement.mark && this.needsMark()) this.#run(this.#make(statement.mark)).catch(() => {});
    if (!(statement instanceof CopyStatement)) return this.#run(this.#make(statement));
    return this.copy(statement.text, statement.blocks()).catch((error) => {
      throw withoutLine(error, postgresJsErrors);
    });
  }

  async copy(text: string, blocks: CopyFeed['blocks']): Promise<Answer> {
    const feed = { blocks, begun: this.begun, fed: this.#unblock, refused: this.#awaitDrain };
    return this.#run(makeCopy(this.#client, text, feed));
  }

  /**
   * When a socket has drained, postgres.js hands a connection without an active query to a caller of `reserve()`. So an
   * empty statement leaves behind the data of a refused COPY.
   */
  readonly #awaitDrain = (): void => {
    // postgres.js rejects a query once more when the connection starts again.
    if (this.isOpen) this.#sendNow(command(''));
  };

  async cancel(): Promise<void> {
    const active = [...this.#outstanding].find((query) => query.active);
    if (active && this.isOpen) await Promise.allSettled([active.canceller?.(active)]);
  }

  async finish(statement: Statement): Promise<Answer> {
    this.#isFinishing = true;
    const query = this.#make(statement);
    this.#endings.push(query);
    return this.#run(query);
  }

  #make(statement: Statement): Query {
    return makeQuery(this.#client, statement, this.describes);
  }

  #run(query: Query): Query {
    return route(this.#client, query, (routed) => this.#execute(routed, true)).execute();
  }

  /** Executes a statement of the caller's, which waits for BEGIN's answer. */
  adopt(query: Query, { sent, failed }: StatementListener): void {
    query.failed = failed;
    // After COMMIT or ROLLBACK the statement would run in a transaction of its own.
    if (this.#isFinishing) rejectUnsent(query, ended());
    else if (this.#refusal) rejectUnsent(query, this.#refusal);
    else this.#execute(query, false);
    sent();
  }

  /** @param isOurs a guarded statement of this library; one of the caller's mostly waits for BEGIN's answer */
  #execute(query: Query, isOurs: boolean): void {
    const isNext = this.#waiting.length === 0 && !this.#mustWait(query);
    const mayLeave = isOurs || this.hasBegun || this.#isIdle;
    const leaves = isNext && (mayLeave || leaveAhead(query, this.#sendMark));
    if (leaves || !this.isOpen) this.#send(query);
    else this.#waiting.push(query);
  }

  readonly #sendMark = (mark: Statement): void => {
    if (this.needsMark()) this.#sendNow(mark);
  };

  /** Sends it in this very call. */
  readonly #sendNow = (statement: Statement): void => {
    this.#send(route(this.#client, this.#make(statement), () => {}));
  };

  #send(query: Query): void {
    if (!this.isOpen) {
      rejectUnsent(query, this.#closed ?? ended());
      return;
    }
    this.#isIdle = false;
    this.hasFinished ||= this.#endings.includes(query);
    this.#outstanding.add(query);
    const settled = (): void => {
      this.#outstanding.delete(query);
      letGo(query);
      // A raw COMMIT returns the connection to the pool. Queries that still wait would never be sent.
      if (!this.isOpen) this.#abandon(this.#closed);
    };
    query.then(settled, (error) => {
      // The `close` event has not come yet. Data written now would precede the next session's start.
      if (isLoss(error)) this.#closed ??= error;
      this.repeats.explain(query, error);
      this.#failure = explainConsequence(postgresJsErrors, error, this.#failure);
      query.failed?.(asError(error));
      settled();
    });
    this.repeats.send(query, this.hasBegun, this.#executeOn);
    if (query.ownText !== undefined) query.string = query.ownText;
    // Nothing may come between a description and its Bind, or between a COPY and its data.
    this.#isBlocked = Boolean(query.describeFirst || query.cursorFn || query.isCopy);
  }

  /**
   * A query waits until a description before it is bound. And a query that postgres.js can't build (a
   * parameter is undefined, too many of them) rejects the active query and is never answered. So one with
   * arguments is sent alone, unless they are bound.
   */
  #mustWait(query: Query): boolean {
    if (this.#isBlocked) return true;
    const isBound = query.isBound || query.bindIfKnown?.();
    return query.args.length > 0 && !this.#isIdle && !isBound;
  }

  readonly #resume = (): void => {
    this.#isIdle = true;
    this.#unblock();
  };

  readonly #unblock = (): void => {
    this.#isBlocked = false;
    for (let next = this.#waiting[0]; next && !this.#mustWait(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(next);
    }
  };

  /**
   * postgres.js keeps queries sent between a socket's `error` and `close`, and would match the next session's
   * answers to them. `end()` waits for a connection in use, even a lost one. So the connection is terminated.
   */
  readonly #close = (error: Error): void => {
    this.#closed = error;
    this.#abandon(error);
    this.lose(error);
    returnToPool(this.#connection);
    this.#connection.terminate();
  };

  /** postgres.js forgets queries sent while it was connecting: rejected here, none hangs. */
  #abandon(error: Error | undefined): void {
    for (const query of this.#waiting.splice(0)) rejectUnsent(query, error ?? ended());
    if (this.#closed) for (const query of this.#outstanding) query.reject(this.#closed);
  }
}
