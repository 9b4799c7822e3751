/**
 * The library on node-postgres.
 *
 * @module batched-drizzle/node-postgres
 */
export * from './entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/node-postgres.ts';
