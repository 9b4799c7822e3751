/** The statements of one client that wait to be sent. What is sent in one turn leaves together. */
import { behindPromiseJobs } from '../driver/event-loop.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { unsupported } from './errors.ts';
import { flightOf } from './flight.ts';
import type { Landing } from './flight-input.ts';
import { type Client, classOf } from './internals.ts';
import type { Messages } from './messages.ts';
import type { Alone, Piece } from './piece.ts';
import { canGoAlone, sendAlone } from './send-alone.ts';

/** As ReadyForQuery tells it: idle, in a transaction, in one that has failed. */
export type TransactionStatus = 'I' | 'T' | 'E';

const outboxes = new WeakMap<Client, Outbox>();

/**
 * A client has one outbox, whoever uses it.
 *
 * @throws {BatchedDrizzleError} `UNSUPPORTED_CLIENT` for an object that only looks like a client
 */
export function outboxOf(client: Client): Outbox {
  if (!client.connection)
    throw unsupported('a transaction needs a client of pg, or a pool that gives one out');
  return getOrInsert(outboxes, client, () => new Outbox(client));
}

export class Outbox {
  /** The client's transaction, as the server told it last; `undefined` if nothing is known. */
  status: TransactionStatus | undefined;
  readonly #listeners = new Set<(error: Error) => void>();
  readonly #client: Client;
  #waiting: (Piece | Alone)[] = [];
  #isFlying = false;
  #isScheduled = false;
  /** Whoever still has something to send in this turn. */
  #holders = 0;

  constructor(client: Client) {
    this.#client = client;
    this.status = (client.getTransactionStatus?.() ?? undefined) as TransactionStatus | undefined;
    // Ahead of pg's own listener, which goes on to the next query at once.
    client.connection.prependListener('readyForQuery', (message: { status?: TransactionStatus }) => {
      this.status = message.status;
    });
  }

  /**
   * Without a listener an error of the client would end the process: a pool listens to its idle clients only.
   *
   * @param listener is told why the connection can't be used any more
   */
  listen(listener: (error: Error) => void): void {
    if (this.#listeners.size === 0) this.#client.on('error', this.#lose);
    this.#listeners.add(listener);
  }

  /** @param isLost the client has more errors to tell, which nobody needs to hear */
  unlisten(listener: (error: Error) => void, isLost: boolean): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0 && !isLost) this.#client.off('error', this.#lose);
  }

  readonly #lose = (error: Error): void => {
    for (const listener of [...this.#listeners]) listener(error);
  };

  push(piece: Piece | Alone): void {
    this.#waiting.push(piece);
    this.#schedule();
  }

  /** Nothing waits, and everything is answered. */
  get isIdle(): boolean {
    return !this.#isFlying && this.#waiting.length === 0;
  }

  /** Whether the client's transaction has failed; `undefined` while something is under way. */
  get isFailed(): boolean | undefined {
    return this.isIdle ? this.status === 'E' : undefined;
  }

  /** Lets nothing leave until it is released. */
  hold(): () => void {
    this.#holders += 1;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#holders -= 1;
      this.#schedule();
    };
  }

  /** Rejects what waits. @param owner only what belongs to this transaction */
  refuse(error: Error, owner?: object): void {
    const waiting = this.#waiting;
    this.#waiting = owner ? waiting.filter((piece) => piece.owner !== owner) : [];
    for (const piece of waiting) {
      if (owner && piece.owner !== owner) continue;
      if (piece.role === 'alone') piece.refuse(error);
      else piece.query.callback?.(error);
    }
  }

  /**
   * Behind the promise jobs of this turn: statements that are executed together take some jobs to get here, and some take
   * one more than others.
   */
  #schedule(): void {
    if (this.#isFlying || this.#isScheduled || this.#holders > 0) return;
    this.#isScheduled = true;
    behindPromiseJobs(this.#leave);
  }

  readonly #leave = (): void => {
    this.#isScheduled = false;
    if (this.#isFlying || this.#holders > 0) return;
    const [first] = this.#waiting;
    if (!first) return;
    this.#isFlying = true;
    if (first.role === 'alone') {
      this.#waiting.shift();
      const sent = (isRefused: boolean): void => this.#landed({ skipped: [], isRefused }, undefined);
      first.send().then(sent, () => sent(false));
      return;
    }
    this.#send(this.#take(), (landing) => this.#landed(landing, first.owner));
  };

  #send(taken: readonly Piece[], landed: (landing: Landing) => void): void {
    const client = this.#client;
    const [first] = taken;
    if (first && taken.length === 1 && canGoAlone(first, client)) {
      sendAlone(client, first, landed);
      return;
    }
    const pieces: Piece[] = [];
    const messages: Messages[] = [];
    for (const piece of taken) {
      const written = piece.messages();
      if (!written) continue;
      pieces.push(piece);
      messages.push(written);
    }
    if (pieces.length === 0) {
      landed({ skipped: [] });
      return;
    }
    const isBegin = pieces[0]?.role === 'begin';
    const syncsEach = !isBegin && this.status !== 'T';
    // Only an answer tells it from here on: a session that ends in this flight must not look idle.
    if (isBegin) this.status = undefined;
    client.query(flightOf(classOf(client).Query, { client, pieces, messages, syncsEach, landed }));
  }

  /**
   * What can leave in one flight: up to a statement that must be by itself, to the end of a transaction, and to a COPY whose
   * rows depend on an answer.
   */
  #take(): Piece[] {
    const pieces: Piece[] = [];
    for (const piece of this.#waiting) {
      if (piece.role === 'alone' || (piece.role === 'begin' && pieces.length > 0)) break;
      if (piece.data && !piece.data.isReady && pieces.length > 0) break;
      pieces.push(piece);
      if (piece.role === 'end') break;
    }
    this.#waiting.splice(0, pieces.length);
    return pieces;
  }

  #landed({ skipped, refusal, loss, isRefused }: Landing, owner: object | undefined): void {
    this.#isFlying = false;
    // The server tells it by a ReadyForQuery that is still to come.
    if (isRefused && this.status === 'T') this.status = 'E';
    if (refusal) this.refuse(refusal, owner);
    if (loss) {
      this.refuse(loss);
      this.#lose(loss);
    }
    // The server knows nothing of them. With a Sync each they fare as in plain drizzle.
    this.#waiting.unshift(...skipped);
    // Whoever has got an answer may send the next statement in this turn.
    this.#schedule();
  }
}
