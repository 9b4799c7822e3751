import type { SentStatement } from '../driver/driver.ts';
import type { Binder } from './bind.ts';
import type { Client, Query } from './internals.ts';
import { LoneConnection } from './lone-query.ts';
import { isQuery } from './query.ts';
import type { RawTransaction } from './raw-transaction.ts';

/** What statements of the pool's own client have in common, and those of a transaction have not. */
export interface Pool {
  readonly raw: RawTransaction;
  /** Called before a statement is sent. */
  readonly sending: (text: string) => void;
}

/** The client object by which drizzle sends one of its statements. */
export class Sender {
  readonly #client: Client;
  readonly #binder: Binder;
  readonly #statement: SentStatement;
  readonly #pool: Pool | undefined;

  constructor(client: Client, binder: Binder, statement: SentStatement, pool?: Pool) {
    this.#client = client;
    this.#binder = binder;
    this.#statement = statement;
    this.#pool = pool;
  }

  /** As that of postgres.js. */
  unsafe(text: string, params: unknown[], options: object): Query {
    this.#pool?.sending(text);
    // Without parameters drizzle's own way is one round trip.
    const lone = this.#pool && params.length > 0 ? new LoneConnection(this.#pool.raw) : undefined;
    const onexecute = lone?.onexecute ?? this.#pool?.raw.watcher;
    const given = onexecute ? { ...options, onexecute } : options;
    const query = this.#client.unsafe(text, params as never, given) as unknown as Query;
    // A test has put another client in the place of postgres.js's.
    if (!isQuery(query)) return query;
    if (lone) lone.query = query;
    else query.sent = this.#statement;
    this.#binder.adopt(query, this.#statement, lone);
    // drizzle 1.0 begins a statement without rows one job later than one with rows, which would overtake it.
    return query.execute();
  }
}
