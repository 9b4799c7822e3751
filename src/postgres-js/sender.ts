import type { SentStatement } from '../driver/driver.ts';
import type { Binder } from './bind.ts';
import type { Client, Query } from './internals.ts';
import { LoneConnection } from './lone-query.ts';
import { isQuery } from './query.ts';
import { type RawTransaction, rawTransactionOf } from './raw-transaction.ts';

/** The client object by which drizzle sends one of its statements. */
export class Sender {
  readonly #client: Client;
  readonly #binder: Binder;
  readonly #statement: SentStatement;
  readonly #sending: ((text: string) => void) | undefined;

  /** @param sending of the client of the pool, and not of that of a transaction: called before a statement is sent */
  constructor(client: Client, binder: Binder, statement: SentStatement, sending?: (text: string) => void) {
    this.#client = client;
    this.#binder = binder;
    this.#statement = statement;
    this.#sending = sending;
  }

  /** As that of postgres.js. */
  unsafe(text: string, params: unknown[], options: object): Query {
    this.#sending?.(text);
    // Without parameters drizzle's own way is one round trip.
    const lone = this.#sending && params.length > 0 ? new LoneConnection(this.#client) : undefined;
    const onexecute = lone?.onexecute ?? (this.#sending && watcherOf(this.#client));
    const given = onexecute ? { ...options, onexecute } : options;
    const query = this.#client.unsafe(text, params as never, given) as unknown as Query;
    // Of a client that a test has put in postgres.js's place.
    if (!isQuery(query)) return query;
    if (lone) lone.query = query;
    else query.sent = this.#statement;
    this.#binder.adopt(query, this.#statement, lone);
    // drizzle 1.0 begins a statement without rows one job later than one with rows, which would overtake it.
    return query.execute();
  }
}

/** The connection of a client that has only one is watched from its first statement on. */
function watcherOf(client: Client): RawTransaction['passBy'] | undefined {
  const raw = rawTransactionOf(client);
  return raw.isAllowed ? raw.passBy : undefined;
}
