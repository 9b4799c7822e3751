/** Tells whoever listens on `node:diagnostics_channel` of every flush. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { codeOf, FlushError, type TableFailure } from '../errors.ts';
import type { FlushReport } from '../report.ts';
import type { FlushFailure } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';

/** A flush takes what is queued and begins to write it. One that has nothing to write sends no message. */
export interface FlushStart {
  readonly event: 'start';
  /** The same in all messages of a flush; counted from 1 in each process. */
  readonly id: number;
  /** Whose queue it was: that of the database, or of a transaction or savepoint. */
  readonly where: 'database' | 'transaction';
  readonly rows: number;
  /** The tables of the rows, as they are written in SQL. */
  readonly tables: readonly string[];
}

/** A flush has written everything. */
export interface FlushEnd {
  readonly event: 'end';
  readonly id: number;
  readonly where: FlushStart['where'];
  readonly report: FlushReport;
}

/** A flush could not write everything. Codes, tables and counts: never a value. */
export interface FlushFailed {
  readonly event: 'error';
  readonly id: number;
  readonly where: FlushStart['where'];
  /** The code of what `flush()` rejects with. */
  readonly code: string | undefined;
  /** What was not written, by table; empty where it is the end of the transaction that was refused. */
  readonly failures: readonly TableFailure[];
  /** What was done all the same. */
  readonly report: FlushReport;
}

/** A message on the channel `batched-drizzle:flush`. */
export type FlushMessage = FlushStart | FlushEnd | FlushFailed;

export interface Flushed {
  readonly report: FlushReport;
  readonly failure: FlushFailure | undefined;
}

const flushChannel = diagnosticsChannel.channel('batched-drizzle:flush');

let flushes = 0;

/**
 * Tells that a flush begins; a flush that begins with nobody listening is not told of later either.
 *
 * @returns what to hand its outcome to, and gives it back
 */
export function announceFlush(
  where: FlushStart['where'],
  entries: readonly Entry[],
): <T extends Flushed>(flushed: T) => T {
  if (!flushChannel.hasSubscribers || entries.length === 0) return (flushed) => flushed;
  flushes += 1;
  const flush = { id: flushes, where };
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

/** The error itself is kept back: the words of its cause may hold values. */
function describeFailure({ error }: FlushFailure): Pick<FlushFailed, 'code' | 'failures'> {
  return { code: codeOf(error), failures: error instanceof FlushError ? error.failures : [] };
}
