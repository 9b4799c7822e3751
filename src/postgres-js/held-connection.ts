/** A connection of the pool, held for one transaction without waiting for BEGIN's answer. */
import type { Connection, StatementListener } from '../driver/driver.ts';
import { type Answer, CopyStatement, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { type CopyFeed, makeCopy } from './copy.ts';
import { ended, isLoss, postgresJsErrors, withoutLine } from './errors.ts';
import type { Client, ClientOptions, PoolConnection, Query } from './internals.ts';
import { isQuery, makeQuery } from './query.ts';
import { wrapClient } from './wrap-client.ts';

export class HeldConnection implements Connection {
  readonly errors = postgresJsErrors;
  readonly begun: Promise<void>;
  readonly lost: Promise<never>;
  hasBegun = false;
  hasFinished = false;
  readonly #client: Client;
  readonly #connection: PoolConnection;
  readonly #describes: boolean;
  readonly #outstanding = new Set<Query>();
  #waiting: Query[] = [];
  #isBlocked = false;
  /** Everything sent has been answered; BEGIN is the first to be. */
  #isIdle = false;
  #isFinishing = false;
  /** COMMIT or ROLLBACK, which waits where a COPY has not got its rows, or a description its answer. */
  readonly #endings = new WeakSet<Query>();
  #closed: Error | undefined;
  #refusal: Error | undefined;
  #begin!: () => void;
  #lose!: (error: Error) => void;

  constructor(client: Client, connection: PoolConnection, describes: boolean) {
    this.#client = client;
    this.#connection = connection;
    this.#describes = describes;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.begun = Promise.race([
      new Promise<void>((resolve) => {
        this.#begin = resolve;
      }),
      this.lost,
    ]);
    for (const promise of [this.begun, this.lost]) promise.catch(() => {});
    // postgres.js calls this when every answer is in and the transaction is still open, and takes the
    // connection back by itself once it is not: `release` is what would tell it to wait for us.
    connection.reserved = Object.assign(this.#resume, { release: false });
    connection.onclose = (error) => this.#close(error);
  }

  get isOpen(): boolean {
    return !this.#closed && this.#connection.reserved === this.#resume;
  }

  begin(): void {
    this.hasBegun = true;
    this.#begin();
  }

  refuse(error: Error): void {
    this.#refusal = error;
    this.#abandon(error);
    this.#lose(error);
  }

  async send(statement: Statement): Promise<Answer> {
    if (statement instanceof CopyStatement) {
      return this.copy(statement.text, statement.blocks()).catch((error) => {
        throw withoutLine(error);
      });
    }
    const query = makeQuery(this.#client, statement, this.#describes);
    this.#route(query, (routed) => this.#execute(routed, true));
    return query.execute();
  }

  async copy(text: string, blocks: CopyFeed['blocks']): Promise<Answer> {
    const query = makeCopy(this.#client, text, { blocks, begun: this.begun, fed: this.#unblock });
    this.#route(query, (routed) => this.#execute(routed, true));
    return query.execute();
  }

  async cancel(): Promise<void> {
    const active = [...this.#outstanding].find((query) => query.active);
    if (!active || !this.isOpen) return;
    await Promise.allSettled([active.canceller?.(active)]);
  }

  async finish(statement: Statement): Promise<Answer> {
    this.#isFinishing = true;
    const query = makeQuery(this.#client, statement, this.#describes);
    this.#endings.add(query);
    this.#route(query, (routed) => this.#execute(routed, true));
    return query.execute();
  }

  client({ sent, failed }: StatementListener): unknown {
    const adopt = <Made>(made: Made): Made => {
      // Fragments, identifiers and helpers are no statements; they are executed as part of one.
      if (!isQuery(made)) return made;
      this.#route(made, (query) => {
        query.catch((error) => failed(asError(error)));
        // Behind COMMIT or ROLLBACK it would be a transaction of its own.
        if (this.#isFinishing) query.reject(ended());
        else if (this.#refusal) query.reject(this.#refusal);
        else this.#execute(query, false);
        sent();
      });
      return made;
    };
    return wrapClient(this.#client, adopt);
  }

  #route(query: Query, handler: (query: Query) => void): void {
    query.handler = Object.assign(handler, {
      debug: (this.#client.options as unknown as ClientOptions).debug,
    });
  }

  /** @param isOurs it can tell whether it is inside its transaction; the caller's own waits for BEGIN's answer */
  #execute(query: Query, isOurs: boolean): void {
    if (!this.isOpen) {
      query.reject(this.#closed ?? ended());
      return;
    }
    const hasBegun = this.hasBegun || this.#isIdle;
    if (this.#waiting.length > 0 || this.#mustWait(query) || !(isOurs || hasBegun)) {
      this.#waiting.push(query);
      return;
    }
    this.#send(query);
  }

  #send(query: Query): void {
    if (!this.isOpen) {
      query.reject(this.#closed ?? ended());
      return;
    }
    this.#isIdle = false;
    this.hasFinished ||= this.#endings.has(query);
    this.#outstanding.add(query);
    const settled = (): void => {
      this.#outstanding.delete(query);
      // A raw COMMIT gives the connection back; what waited behind it would never be called.
      if (!this.isOpen) this.#abandon(this.#closed ?? ended());
    };
    query.then(settled, (error) => {
      // The socket is gone, and its end not yet told: what is written now would stand before the next session's start.
      if (isLoss(error)) this.#closed ??= error;
      settled();
    });
    this.#connection.execute(query);
    // Nothing may stand between a description and what is bound by it, or between a COPY and its data.
    this.#isBlocked = Boolean(query.describeFirst || query.cursorFn || query.isCopy);
  }

  /**
   * What follows a description waits for what is bound by it. And a query that postgres.js can't build (a
   * parameter that is undefined, too many of them) rejects the query that is active, and stays behind itself
   * without an answer: with arguments it goes alone.
   */
  #mustWait(query: Query): boolean {
    return this.#isBlocked || (query.args.length > 0 && !this.#isIdle);
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
   * What was sent after the error of a socket and before its end stays in the connection, which would take the answers
   * of the next session for its answers; and `end()` waits for a connection in use, even one that is gone.
   */
  #close(error: Error): void {
    this.#closed = error;
    this.#abandon(error);
    this.#lose(error);
    this.#connection.terminate();
  }

  /** postgres.js forgets what was sent on a connection that it was still connecting; nothing may hang for it. */
  #abandon(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const query of waiting) query.reject(error);
    if (!this.#closed) return;
    for (const query of this.#outstanding) query.reject(error);
  }
}
