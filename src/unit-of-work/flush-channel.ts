/** Messages on `node:diagnostics_channel` about every flush. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { ofProcess } from '../process-state.ts';
import { type FlightPlan, type FlushReport, ReportBuilder } from '../report.ts';
import type { FlushFailure } from '../settle/failures.ts';
import { describeFailure, type FailureDescription } from '../settle/flush-error.ts';
import { callSitesOf } from '../take/call-site.ts';
import type { Entry } from '../take/entry.ts';
import { hasTracers, traceFlush } from './flush-tracing.ts';

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
  /** With `batch.trace`: where in the program the inserts were made, `/app/src/users.ts:12`. */
  readonly places?: readonly string[];
}

/** A flush has written all of its rows. */
export interface FlushEnd {
  readonly event: 'end';
  readonly id: number;
  readonly where: FlushStart['where'];
  readonly report: FlushReport;
  /** With `batch.trace`: how each flight wrote its tables. */
  readonly plan?: readonly FlightPlan[];
}

/** A flush could not write all of its rows. The message has codes, tables and counts, never a value. */
export interface FlushFailed extends FailureDescription {
  readonly event: 'error';
  readonly id: number;
  readonly where: FlushStart['where'];
  /** The part of the flush that was done nevertheless. */
  readonly report: FlushReport;
  /** With `batch.trace`: how each flight was to write its tables. */
  readonly plan?: readonly FlightPlan[];
}

/** A message on the channel `batched-drizzle:flush`. */
export type FlushMessage = FlushStart | FlushEnd | FlushFailed;

/** The end of a flush. */
export interface Flushed {
  readonly report: FlushReport;
  readonly failure: FlushFailure | undefined;
  /** The plans of its flights, if `batch.trace` is set. */
  readonly plan: readonly FlightPlan[] | undefined;
  /** The entries that the flush has taken. */
  readonly entries: readonly Entry[];
}

/** Writes the entries of a flush, and counts in `report`. */
type Write = (report: ReportBuilder) => Promise<FlushFailure | undefined>;

const flushChannel = diagnosticsChannel.channel('batched-drizzle:flush');

const flushes = ofProcess('flushes', () => ({ announced: 0 }));

/**
 * Runs a flush, and publishes its start and its end. If nobody subscribes when it starts, the end is not published either,
 * and the entries are not looked at.
 */
export function announceFlush(
  where: FlushStart['where'],
  entries: readonly Entry[],
  write: Write,
): Promise<Flushed> {
  const isHeard = flushChannel.hasSubscribers;
  const isTraced = hasTracers();
  const run = () => runFlush(entries, write);
  if (!(isHeard || isTraced) || entries.length === 0) return run();
  flushes.announced += 1;
  const rows = entries.reduce((sum, entry) => sum + entry.count, 0);
  const tables = [...new Set(entries.map(({ shape }) => shape.name))];
  const places = callSitesOf(entries);
  const traced = places.length > 0 ? { places } : {};
  const flush = { id: flushes.announced, where, rows, tables, ...traced };
  const announced = isHeard ? () => runAnnounced({ event: 'start', ...flush }, run) : run;
  return isTraced ? traceFlush(flush, announced) : announced();
}

async function runFlush(entries: readonly Entry[], write: Write): Promise<Flushed> {
  const report = new ReportBuilder();
  const failure = await write(report);
  const plan = report.plans.length > 0 ? report.plans : undefined;
  return { report: report.build(), failure, plan, entries };
}

async function runAnnounced(start: FlushStart, run: () => Promise<Flushed>): Promise<Flushed> {
  publish(start);
  const flushed = await run();
  const { report, failure, plan } = flushed;
  const { id, where } = start;
  const done = { id, where, report, ...(plan && { plan }) };
  if (failure) publish({ event: 'error', ...done, ...describeFailure(failure.error) });
  else publish({ event: 'end', ...done });
  return flushed;
}

function publish(message: FlushMessage): void {
  flushChannel.publish(message);
}
