export * from '../entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/node-postgres.ts';
