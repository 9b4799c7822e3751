/** Keeps a held connection from the pool, whatever makes postgres.js give it back. */
import type { PoolConnection } from './internals.ts';

/** Where the connection's own `execute` is kept: on the connection, so that another copy of this library finds it. */
const ownExecute: unique symbol = Symbol.for('batched-drizzle.execute');

interface Kept extends PoolConnection {
  [ownExecute]?: PoolConnection['execute'];
}

/**
 * When a socket has drained, postgres.js gives its connection to the pool if no query is active: also a held one between
 * two statements. Queries of others would then run inside its transaction.
 *
 * So a held connection leaves each queue of the pool that it is put into, and sends a query of the pool back to the pool.
 *
 * @returns the connection's own `execute`, for the holder
 */
export function keepFromPool(connection: Kept): PoolConnection['execute'] {
  const known = connection[ownExecute];
  if (known) return known;
  const { execute } = connection;
  Object.defineProperty(connection, ownExecute, { value: execute });
  let { queue } = connection;
  Object.defineProperty(connection, 'queue', {
    get: () => queue,
    set: (next: PoolConnection['queue']) => {
      queue = next;
      if (isHeld(connection)) next.remove(connection);
    },
  });
  connection.execute = (query) => {
    if (!isHeld(connection)) return execute(query);
    query.handler(query);
    // The pool goes on with its next query, so that all of them keep their order.
    return true;
  };
  return execute;
}

/** postgres.js closes a connection while it is still held. The pool needs it for a new session. */
export function returnToPool(connection: PoolConnection): void {
  connection.queue.remove(connection);
  connection.queue.push(connection);
}

export function isHeld({ reserved }: PoolConnection): boolean {
  return reserved?.release === false;
}
