export { type BatchedDrizzleConfig, batchedDrizzle } from './batched-drizzle.ts';
export { BatchedDatabase, BatchedTransaction } from './database.ts';
export {
  BatchedDrizzleError,
  BatchedInsertError,
  type ErrorCode,
  FlushError,
  type TableFailure,
} from './errors.ts';
export type { FlushEnd, FlushFailed, FlushMessage, FlushStart } from './flush-channel.ts';
export { BatchedInsert, BatchedInsertBuilder, type Referable } from './insert.ts';
export type { BatchOptions } from './options.ts';
export type { FlushReport, TableReport } from './report.ts';
