/** A statement in a transaction of its own. */
import type { Answer, Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Client, PoolConnection, Query } from './internals.ts';
import { NeverSent } from './never-sent.ts';
import { makeQuery } from './query.ts';
import type { RawTransaction } from './raw-transaction.ts';

/**
 * The connection of a query that stays out of the pool until the answer comes. A BEGIN or another caller's statement that
 * joined it would wait for this one's locks.
 */
export class LoneConnection {
  query!: Query;
  readonly #raw: RawTransaction;
  #connection: PoolConnection | undefined;
  #before: PoolConnection['onclose'] = null;
  #onclose: PoolConnection['onclose'] = null;

  constructor(raw: RawTransaction) {
    this.#raw = raw;
    raw.meet();
  }

  /** An option of the query. */
  readonly onexecute = (connection: PoolConnection): boolean => {
    this.#raw.watch(connection);
    const { onclose } = connection;
    this.#connection = connection;
    this.#before = onclose;
    // postgres.js forgets queries that are sent between a socket's `error` and its `close`.
    const close = (error: Error): void => {
      onclose?.(error);
      this.query.reject(error);
      connection.terminate();
    };
    this.#onclose = close;
    connection.onclose = close;
    return false;
  };

  /** The query has been answered. */
  release(): void {
    const connection = this.#connection;
    if (connection?.onclose === this.#onclose && connection) connection.onclose = this.#before;
  }
}

/** Runs one statement. */
export async function runAlone(
  client: Client,
  statement: Statement,
  describes: boolean,
  raw: RawTransaction,
): Promise<Answer> {
  const lone = new LoneConnection(raw);
  const query = makeQuery(client, statement, describes, { onexecute: lone.onexecute });
  lone.query = query;
  try {
    return await query;
  } catch (error) {
    throw query.state ? error : new NeverSent(asError(error));
  } finally {
    lone.release();
  }
}
