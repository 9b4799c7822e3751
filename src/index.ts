/**
 * The library on postgres.js.
 *
 * @module batched-drizzle
 */
export * from './entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/postgres-js.ts';
