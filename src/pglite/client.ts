/** The client objects that drizzle takes: a PGlite instance, or a transaction of one. */
import type { PGlite, Transaction } from '@electric-sql/pglite';

/**
 * `_checkReady` and `_runExclusiveTransaction` are declared, and named as if they were internal. The second is the lock that
 * PGlite's own `query()` and `transaction()` take. Nothing else keeps the statements of others out of a transaction.
 */
export type Instance = Pick<
  PGlite,
  | '_checkReady'
  | '_runExclusiveTransaction'
  | 'execProtocol'
  | 'parsers'
  | 'runExclusive'
  | 'serializers'
  | 'syncToFs'
  | 'transaction'
>;

/** drizzle takes the transaction of `client.transaction()` as a client too: what it sends is part of that transaction. */
export function isTransaction(client: object): client is Transaction {
  return 'query' in client && !('transaction' in client);
}
