/** The queries that the driver has given to a connection, in order. By them a statement finds its place. */
import type { Origin } from './sent-statement.ts';

/** Only the head of a text is compared: it is read again from the bytes. */
const head = 100;
const headOf = (text: string): string => Buffer.from(text.slice(0, head)).toString('latin1').slice(0, head);

/** More are never unsent: postgres.js writes 100 ahead, pg one. */
const mostWaiting = 1_000;

export class Origins {
  readonly #waiting: Origin[] = [];
  /** Of a query that writes the messages of several statements. */
  #shared: Origin | undefined;

  add(origin: Origin): void {
    this.#waiting.push(origin);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
  }

  /**
   * Returns where a statement comes from. A driver sends queries in the order in which it took them. A query that was not sent
   * is passed over: its text is another one.
   *
   * @param text that of the message; `undefined` if the statement was parsed before
   */
  take(text: string | undefined): Origin | undefined {
    const found = this.#waiting.findIndex((origin) => isOf(origin, text));
    if (found < 0) return this.#shared;
    const [origin] = this.#waiting.splice(0, found + 1).slice(-1);
    this.#shared = origin?.text() === undefined ? origin : undefined;
    return origin;
  }
}

function isOf(origin: Origin, text: string | undefined): boolean {
  const own = text === undefined ? undefined : origin.text();
  return own === undefined || headOf(own) === text?.slice(0, head);
}
