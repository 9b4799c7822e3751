/** A connection that leaves the pool with the first statement of its transaction, so that BEGIN travels along. */
import type { Connection, StatementListener } from '../driver/driver.ts';
import { type Answer, command, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { markOf } from './ahead.ts';
import type { CopyFeed } from './copy.ts';
import { ended, postgresJsErrors } from './errors.ts';
import type { HeldConnection } from './held-connection.ts';
import type { Client, Query } from './internals.ts';
import { isQuery, route } from './query.ts';
import { wrapClient } from './wrap-client.ts';

export class LazyConnection implements Connection {
  readonly errors = postgresJsErrors;
  readonly lost: Promise<never>;
  readonly #client: Client;
  readonly #open: (mark: Statement | undefined) => Promise<HeldConnection>;
  /** Called once, when the transaction has ended and the connection is the pool's again. */
  readonly #release: () => void;
  #held: HeldConnection | undefined;
  #opening: Promise<HeldConnection> | undefined;
  /** Statements that wait for the connection; none that comes later may overtake them. */
  #waiting = 0;
  #isEnded = false;
  #lose!: (error: unknown) => void;

  constructor(
    client: Client,
    open: (mark: Statement | undefined) => Promise<HeldConnection>,
    release: () => void,
  ) {
    this.#client = client;
    this.#open = open;
    this.#release = release;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {});
  }

  /**
   * Takes the connection out of the pool now. After the transaction's end nobody would give it back.
   *
   * @param mark what the statement depends on that is sent first
   */
  open(mark?: Statement): Promise<HeldConnection> {
    if (this.#isEnded && !this.#opening) return Promise.reject(ended());
    this.#opening ??= this.#open(mark).then(
      (held) => {
        this.#held = held;
        held.lost.catch((error) => {
          this.#lose(error);
          this.#end();
        });
        return held;
      },
      (error) => {
        this.#lose(error);
        this.#end();
        throw error;
      },
    );
    return this.#opening;
  }

  get isUnopened(): boolean {
    return this.#opening === undefined && !this.#isEnded;
  }

  get begun(): Promise<void> {
    const begun = this.open().then((held) => held.begun);
    begun.catch(() => {});
    return begun;
  }

  get hasBegun(): boolean {
    return this.#held?.hasBegun ?? false;
  }

  get mayFollow(): boolean {
    return this.hasBegun;
  }

  get hasFinished(): boolean {
    return this.#held?.hasFinished ?? false;
  }

  get isOpen(): boolean {
    return this.#held ? this.#held.isOpen : !this.#isEnded;
  }

  send(statement: Statement): Promise<Answer> {
    return this.#inTurn((held) => held.send(statement), statement.mark);
  }

  copy(text: string, blocks: CopyFeed['blocks']): Promise<Answer> {
    return this.#inTurn((held) => held.copy(text, blocks));
  }

  async cancel(): Promise<void> {
    await this.#held?.cancel();
  }

  async finish(statement: Statement): Promise<Answer> {
    // The server knows nothing of a transaction that has sent nothing.
    if (this.isUnopened && statement.text === 'rollback') {
      this.#end();
      return Object.assign([], { count: null, command: 'ROLLBACK' });
    }
    try {
      return await this.#inTurn((held) => held.finish(statement));
    } finally {
      if (!this.isOpen) this.#end();
    }
  }

  async restart(): Promise<void> {
    await Promise.all(['rollback', 'begin'].map((text) => this.send(command(text))));
  }

  client(listener: StatementListener): unknown {
    return wrapClient(this.#client, (made) => {
      if (!isQuery(made)) return made;
      return route(this.#client, made, (query) => {
        if (this.#held && this.#waiting === 0) this.#held.adopt(query, listener);
        else this.#adoptInTurn(query, listener).catch((error) => query.reject(asError(error)));
      }) as typeof made;
    });
  }

  /** postgres.js takes one promise job from a query to its handler; this query has had its own already. */
  async #adoptInTurn(query: Query, listener: StatementListener): Promise<void> {
    this.#waiting += 1;
    try {
      const held = await this.open(this.isUnopened ? markOf(query) : undefined);
      await undefined;
      held.adopt(query, listener);
    } finally {
      this.#waiting -= 1;
    }
  }

  #inTurn<T>(work: (held: HeldConnection) => Promise<T>, mark?: Statement): Promise<T> {
    if (this.#isEnded && !this.#held) return Promise.reject(ended());
    if (this.#held && this.#waiting === 0) return work(this.#held);
    this.#waiting += 1;
    return this.open(mark).then(
      (held) => {
        const answer = work(held);
        // postgres.js calls the statement's handler in the next promise job. A query of the caller's must not come before.
        queueMicrotask(() => {
          this.#waiting -= 1;
        });
        return answer;
      },
      (error) => {
        this.#waiting -= 1;
        throw error;
      },
    );
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#release();
  }
}
