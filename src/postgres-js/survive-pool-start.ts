/** Keeps the process alive if a connection is lost while it starts. */
import type { Query } from './internals.ts';

const outlived = new WeakSet<object>();

/**
 * While a connection starts, postgres.js queries the types of arrays and drops the promise. If the connection
 * is lost, or the query is cancelled, the unhandled rejection would end the process.
 *
 * That query can be reached only through its class, whose `handle` is replaced. The next connection queries
 * the types again. Queries that waited for the connection are rejected as before.
 */
export function survivePoolStart(made: Query): void {
  const queries = Object.getPrototypeOf(made) as Query;
  if (outlived.has(queries)) return;
  outlived.add(queries);
  const { handle } = queries;
  queries.handle = function (this: Query) {
    if (!this.executed && this.strings[0]?.includes(typesQuery)) this.reject = () => this.resolve([]);
    return handle.call(this);
  };
}

const typesQuery = 'select b.oid, b.typarray';
