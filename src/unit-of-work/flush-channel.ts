/** Messages on `node:diagnostics_channel` about every flush. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { codeOf } from '../errors.ts';
import { ofProcess } from '../process-state.ts';
import type { FlushReport } from '../report.ts';
import type { FlushFailure } from '../settle/failures.ts';
import { FlushError, type TableFailure } from '../settle/flush-error.ts';
import type { Entry } from '../take/entry.ts';

/**
 * A flush has taken the queued rows and begins to write them. A flush without rows sends no message.
 *
 * @example
 * diagnosticsChannel.subscribe('batched-drizzle:flush', (message) => {
 *   if ((message as FlushMessage).event === 'start') …
 * });
 */
export interface FlushStart {
  readonly event: 'start';
  /** The same in all messages of a flush; counted from 1 in each process. */
  readonly id: number;
  /** The queue that was flushed: that of the database, or of a transaction or savepoint. */
  readonly where: 'database' | 'transaction';
  /** Rows that the flush has taken. */
  readonly rows: number;
  /** The tables of the rows, as they are written in SQL. */
  readonly tables: readonly string[];
}

/** A flush has written all of its rows. */
export interface FlushEnd {
  readonly event: 'end';
  readonly id: number;
  readonly where: FlushStart['where'];
  readonly report: FlushReport;
}

/** A flush could not write all of its rows. The message has codes, tables and counts, never a value. */
export interface FlushFailed {
  readonly event: 'error';
  readonly id: number;
  readonly where: FlushStart['where'];
  /** The code of the error that `flush()` rejects with. */
  readonly code: string | undefined;
  /** Rows that were not written, by table. Empty if the end of the transaction was refused. */
  readonly failures: readonly TableFailure[];
  /** The part of the flush that was done nevertheless. */
  readonly report: FlushReport;
}

/** A message on the channel `batched-drizzle:flush`. */
export type FlushMessage = FlushStart | FlushEnd | FlushFailed;

/** The end of a flush. */
export interface Flushed {
  readonly report: FlushReport;
  readonly failure: FlushFailure | undefined;
  /** The entries that the flush has taken. */
  readonly entries: readonly Entry[];
}

const flushChannel = diagnosticsChannel.channel('batched-drizzle:flush');

const flushes = ofProcess('flushes', () => ({ announced: 0 }));

/**
 * Publishes the start of a flush. If the channel has no subscriber then, the end is not published either.
 *
 * @returns a function that publishes the end, and returns its argument
 */
export function announceFlush(
  where: FlushStart['where'],
  entries: readonly Entry[],
): <T extends Flushed>(flushed: T) => T {
  if (!flushChannel.hasSubscribers || entries.length === 0) return (flushed) => flushed;
  flushes.announced += 1;
  const flush = { id: flushes.announced, where };
  const rows = entries.reduce((sum, entry) => sum + entry.count, 0);
  const tables = [...new Set(entries.map(({ shape }) => shape.name))];
  publish({ event: 'start', ...flush, rows, tables });
  return (flushed) => {
    const { report, failure } = flushed;
    if (failure) publish({ event: 'error', ...flush, ...describeFailure(failure), report });
    else publish({ event: 'end', ...flush, report });
    return flushed;
  };
}

function publish(message: FlushMessage): void {
  flushChannel.publish(message);
}

/** The error is not published: the messages of its causes may contain values. */
function describeFailure({ error }: FlushFailure): Pick<FlushFailed, 'code' | 'failures'> {
  if (error instanceof FlushError) return { code: error.batchCode, failures: error.failures };
  return { code: codeOf(error), failures: [] };
}
