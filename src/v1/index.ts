export * from '../entry/exports.ts';
export { BatchedDatabase, BatchedTransaction, batchedDrizzle } from './entry/postgres-js.ts';
