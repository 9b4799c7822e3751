/** A statement in a transaction of its own. */
import type { Answer, Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Client, PoolConnection } from './internals.ts';
import { makeQuery } from './query.ts';

/** The driver rejected a query that it had not sent. */
export class NeverSent extends Error {
  constructor(override readonly cause: Error) {
    super('the query was never sent');
  }
}

/**
 * Runs one statement. Its connection stays out of the pool until the answer comes. A BEGIN or another
 * caller's insert that joined the connection would wait for this statement's locks.
 */
export async function runAlone(client: Client, statement: Statement, describes: boolean): Promise<Answer> {
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
  const query = makeQuery(client, statement, describes, { onexecute });
  try {
    return await query;
  } catch (error) {
    throw query.state ? error : new NeverSent(asError(error));
  } finally {
    release();
  }
}
