import { START_UP } from './wire-messages.ts';

/**
 * Counts the round trips of one connection.
 *
 * A trip is a message that the client sends when all that it asked before has been answered and the answer
 * has been delivered to it. (An answer which is merely under way changes nothing for the client: counting
 * from there would make a large flight look like several.) What the client asks in the middle of a
 * statement and has to wait for is one more: the answer to a Flush, and the permission to send COPY data.
 *
 * Start-up is not counted: all up to the first ReadyForQuery, and the query for array types by which
 * postgres.js starts each connection (`fetch_types`).
 */
export class TripCounter {
  trips = 0;
  #starting = true;
  #firstStatement = true;
  /** Syncs and simple Queries that the client still waits for. */
  #unanswered = 0;
  /** Whether messages were sent behind which no Sync stands yet. */
  #open = false;
  /** Whether the next message could not be sent before an answer in the middle of a statement. */
  #asked = false;

  /** Whether what the client sends now belongs to start-up. */
  get starting(): boolean {
    return this.#starting;
  }

  /** The client has begun to send a message. */
  clientStarts(type: string): void {
    if (this.#starting || type === START_UP || type === 'X') return;
    if (this.#asked || (this.#unanswered === 0 && !this.#open)) this.trips++;
    this.#asked = false;
    // COPY data are part of a statement whose Sync or Query went before.
    if (!'dcf'.includes(type)) this.#open = true;
  }

  /** The client has sent the whole of a message; `statement` is the SQL of a Parse or Query. */
  clientEnds(type: string, statement = ''): void {
    if (this.#starting) return;
    if (this.#firstStatement && type === 'P' && statement.includes('b.typarray')) {
      this.#starting = true;
      this.#open = false;
      this.trips--;
    }
    this.#firstStatement = false;
    if (type === 'Q' || type === 'S') {
      this.#unanswered++;
      this.#open = false;
    }
    if (type === 'H') this.#asked = true;
  }

  /** The client has got a message of the server. */
  serverDelivers(type: string): void {
    if (type === 'Z' && this.#starting) this.#starting = false;
    else if (type === 'Z') this.#unanswered--;
    if (type === 'G') this.#asked = true;
  }
}
