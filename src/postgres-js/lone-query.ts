/** A statement that is a transaction by itself. */
import type { Answer, Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Client, PoolConnection } from './internals.ts';
import { makeQuery } from './query.ts';

/** The driver rejected a query that it had not let out. */
export class NeverSent extends Error {
  constructor(override readonly cause: Error) {
    super('the query was never sent');
  }
}

/**
 * Runs a statement by itself. Its connection stays out of the pool until it is answered, as a description keeps it: what
 * joined it there, a BEGIN or another caller's insert, would wait for this one's locks.
 */
export async function runAlone(client: Client, statement: Statement, describes: boolean): Promise<Answer> {
  let release = (): void => {};
  const onexecute = (connection: PoolConnection): boolean => {
    const { onclose } = connection;
    // postgres.js forgets what it sends after the error of a socket and before its end.
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
