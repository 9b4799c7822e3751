/**
 * The library on Neon's WebSockets.
 *
 * @module batched-drizzle/neon-serverless
 */
export * from './entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/neon-serverless.ts';
