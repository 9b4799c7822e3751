import { START_UP } from './wire-messages.ts';

/** The library's own question to the catalog names the column, too. */
const typesOfArrays = /^\s*select b\.oid, b\.typarray/;

/**
 * Counts the round trips of one connection.
 *
 * A new trip begins when the client sends a message after the results of all earlier ones were delivered to
 * it. A result that is still being delivered does not count as delivered, since the client does not know it
 * yet. Otherwise a large flight would look like several. If the client has to wait in the middle of a
 * statement, that is one more trip: for the results after a Flush, or for the permission to send COPY data.
 *
 * Start-up is not counted. It is everything up to the first ReadyForQuery, and the query for array types with
 * which postgres.js begins each connection (`fetch_types`).
 */
export class TripCounter {
  trips = 0;
  #starting = true;
  #firstStatement = true;
  /** Syncs and simple Queries whose results the client still waits for. */
  #unanswered = 0;
  /** Whether messages were sent that no Sync has followed yet. */
  #open = false;
  /** Whether the client has asked for the results of what it sent, and goes on when they come. */
  #flushed = false;
  /** Whether the next message had to wait for a message of the server in the middle of a statement. */
  #asked = false;

  /** Whether the messages that the client sends now belong to start-up. */
  get starting(): boolean {
    return this.#starting;
  }

  /** Called when the client has begun to send a message. */
  clientStarts(type: string): void {
    if (this.#starting || type === START_UP || type === 'X') return;
    // postgres.js sends a CopyFail behind a COPY that has been answered, and waits for nothing then.
    const isCopyData = 'dcf'.includes(type);
    if (this.#asked || (!isCopyData && this.#unanswered === 0 && !this.#open)) this.trips++;
    this.#asked = false;
    // COPY data belong to a statement whose Sync or Query was sent before, and a Flush asks for what was sent before.
    if (!'dcfH'.includes(type)) this.#open = true;
  }

  /** Called when the client has sent a whole message. `statement` is the SQL of a Parse or Query. */
  clientEnds(type: string, statement = ''): void {
    if (this.#starting) return;
    if (this.#firstStatement && type === 'P' && typesOfArrays.test(statement)) {
      this.#starting = true;
      this.#open = false;
      this.trips--;
    }
    this.#firstStatement = false;
    if (type === 'Q' || type === 'S') {
      this.#unanswered++;
      this.#open = false;
      this.#flushed = false;
    }
    // Behind a Sync, or right before one, it asks for nothing more.
    if (type === 'H' && this.#open) this.#flushed = true;
  }

  /** Called when the client has received a message of the server. */
  serverDelivers(type: string): void {
    if (this.#flushed) this.#asked = true;
    this.#flushed = false;
    if (type === 'Z' && this.#starting) this.#starting = false;
    else if (type === 'Z') this.#unanswered--;
    if (type === 'G') this.#asked = true;
  }
}
