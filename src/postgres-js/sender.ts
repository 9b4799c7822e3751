/** The client object by which drizzle sends one of its statements. */
import type { SentStatement } from '../driver/driver.ts';
import type { Binder } from './bind.ts';
import type { Client, Query } from './internals.ts';
import { makeAlone } from './lone-query.ts';

/** @param isPool the client is that of the pool, and not that of a transaction */
export function makeSender(
  client: Client,
  isPool: boolean,
  binder: Binder,
  { types, ahead }: SentStatement,
): unknown {
  const unsafe = (text: string, params: unknown[], options: object): Query => {
    const make = (more: object) =>
      client.unsafe(text, params as never, { ...options, ...more }) as unknown as Query;
    // Without parameters drizzle's own way is one round trip.
    if (isPool && params.length > 0) {
      const { query, release } = makeAlone(make);
      binder.adopt(query, types, release);
      return query;
    }
    const query = make({});
    query.ahead = ahead;
    binder.adopt(query, types);
    return query;
  };
  return { unsafe };
}
