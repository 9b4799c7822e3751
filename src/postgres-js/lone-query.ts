/** A statement in a transaction of its own. */
import type { Answer, Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Client, PoolConnection, Query } from './internals.ts';
import { makeQuery } from './query.ts';

/** The driver rejected a query that it had not sent. */
export class NeverSent extends Error {
  constructor(override readonly cause: Error) {
    super('the query was never sent');
  }
}

/**
 * Makes a query whose connection stays out of the pool until the answer comes. A BEGIN or another caller's statement that
 * joined the connection would wait for this one's locks.
 *
 * @param make makes it with the given options
 */
export function makeAlone(make: (options: object) => Query): { query: Query; release: () => void } {
  let release = (): void => {};
  const onexecute = (connection: PoolConnection): boolean => {
    const { onclose } = connection;
    // postgres.js forgets queries that are sent between a socket's `error` and its `close`.
    connection.onclose = (error) => {
      onclose?.(error);
      query.reject(error);
      connection.terminate();
    };
    const { onclose: own } = connection;
    release = () => {
      if (connection.onclose === own) connection.onclose = onclose;
    };
    return false;
  };
  const query = make({ onexecute });
  return { query, release: () => release() };
}

/** Runs one statement. */
export async function runAlone(client: Client, statement: Statement, describes: boolean): Promise<Answer> {
  const { query, release } = makeAlone((options) => makeQuery(client, statement, describes, options));
  try {
    return await query;
  } catch (error) {
    throw query.state ? error : new NeverSent(asError(error));
  } finally {
    release();
  }
}
