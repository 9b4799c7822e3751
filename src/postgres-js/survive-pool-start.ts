/** Keeps the process alive when a connection is lost while it starts. */
import type { Query } from './internals.ts';

const outlived = new WeakSet<object>();

/**
 * As it connects, postgres.js asks for the types of arrays and lets go of the promise: a connection that is lost, or a
 * query that is cancelled, meanwhile would end the process. Its own query is within reach by the class alone. It is
 * asked again by the next connection, and what waited for it is rejected as before.
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
