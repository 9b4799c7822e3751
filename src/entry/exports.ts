/** What every entry of the package exports besides its own database. */
export { BatchedInsert } from '#version/database/insert';
export { BatchedInsertBuilder } from '#version/database/insert-builder';
export type { BatchedDrizzleConfig } from '#version/entry/arguments';
export type { Referable } from '../database/referable.ts';
export type { BatchCode } from '../drizzle/query-error.ts';
export { BatchedDrizzleError, type ErrorCode } from '../errors.ts';
export type { KeyOf, Load } from '../load/load.ts';
export { LoadError } from '../load/load-error.ts';
export type { LoadOptions, LoadProgress } from '../load/options.ts';
export type { LoadReport } from '../load/run-load.ts';
export type { RowSource } from '../load/source.ts';
export type { BatchOptions } from '../options.ts';
export type { FlightPlan, FlushReport, NotShared, TablePlan, TableReport } from '../report.ts';
export { FlushError, type TableFailure } from '../settle/flush-error.ts';
export { BatchedInsertError } from '../take/insert-error.ts';
export type { FlushEnd, FlushFailed, FlushMessage, FlushStart } from '../unit-of-work/flush-channel.ts';
export { type FlushTrace, FlushTraceError } from '../unit-of-work/flush-tracing.ts';
