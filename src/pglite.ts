/**
 * The library on PGlite.
 *
 * @module batched-drizzle/pglite
 */
export * from './entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/pglite.ts';
