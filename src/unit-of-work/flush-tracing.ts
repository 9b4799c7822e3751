/** The tracing channel of flushes, by the convention that tracers know: `diagnosticsChannel.tracingChannel()`. */
import diagnosticsChannel from 'node:diagnostics_channel';
import type { FlightPlan, FlushReport } from '../report.ts';
import type { FlushFailure } from '../settle/failures.ts';
import { describeFailure, summarizeFailure, type TableFailure } from '../settle/flush-error.ts';

/**
 * The context of a flush on the tracing channel `batched-drizzle:flush`: one object for all of its events.
 *
 * @example
 * diagnosticsChannel.tracingChannel('batched-drizzle:flush').subscribe({
 *   asyncEnd: (context) => console.log((context as FlushTrace).result),
 * });
 */
export interface FlushTrace {
  /** The same as in the messages of the channel `batched-drizzle:flush`. */
  readonly id: number;
  /** The queue that was flushed: that of the database, or of a transaction or savepoint. */
  readonly where: 'database' | 'transaction';
  /** Rows that the flush has taken. */
  readonly rows: number;
  /** The tables of the rows, as they are written in SQL. */
  readonly tables: readonly string[];
  /** With `batch.trace`: where in the program the inserts were made, `/app/src/users.ts:12`. */
  readonly places?: readonly string[];
  /** With `batch.trace`, set when the flush is done: how each flight wrote its tables. */
  plan?: readonly FlightPlan[];
  /** Set when the flush has written all of its rows. */
  result?: FlushReport;
  /** Set when it could not. */
  error?: FlushTraceError;
}

/**
 * Why a flush could not write all of its rows, for tracers, which record the message and the stack of an error: codes, tables
 * and counts. It is not the error of `flush()`, whose causes may contain values.
 */
export class FlushTraceError extends Error {
  override readonly name = 'FlushError';
  /** The code of the error that `flush()` rejects with. */
  readonly code: string | undefined;
  /** Rows that were not written, by table. Empty if the end of the transaction was refused. */
  readonly failures: readonly TableFailure[];

  /** @param report the part of the flush that was done nevertheless; `undefined` if the flush broke off */
  constructor(
    error: Error,
    readonly report?: FlushReport,
  ) {
    const failure = describeFailure(error);
    super(summarizeFailure(failure));
    this.code = failure.code;
    this.failures = failure.failures;
  }
}

// Not every runtime has tracing channels.
const { tracingChannel }: Partial<typeof diagnosticsChannel> = diagnosticsChannel;

const channels = tracingChannel?.<unknown, FlushTrace>('batched-drizzle:flush');

/** Early releases of Node 20 have no `hasSubscribers` of all five channels. */
export function hasTracers(): boolean {
  if (!channels) return false;
  const { start, end, asyncStart, asyncEnd, error } = channels;
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}

interface Outcome {
  readonly report: FlushReport;
  readonly failure: FlushFailure | undefined;
  readonly plan: readonly FlightPlan[] | undefined;
}

/**
 * Runs a flush in the stores that tracers have bound to `start`. A flush resolves also if it fails, so that
 * `tracePromise()` would not see it.
 */
export function traceFlush<T extends Outcome>(trace: FlushTrace, run: () => Promise<T>): Promise<T> {
  if (!channels) return run();
  const { start, end, asyncStart, asyncEnd, error } = channels;
  const settle = (outcome: Pick<FlushTrace, 'result' | 'error' | 'plan'>): void => {
    Object.assign(trace, outcome);
    if (trace.error) error.publish(trace);
    asyncStart.publish(trace);
    asyncEnd.publish(trace);
  };
  return start.runStores(trace, () => {
    const running = run();
    end.publish(trace);
    return running.then(
      (flushed) => {
        const { report, failure, plan } = flushed;
        const outcome = failure ? { error: new FlushTraceError(failure.error, report) } : { result: report };
        settle({ ...outcome, ...(plan && { plan }) });
        return flushed;
      },
      (thrown) => {
        settle({ error: new FlushTraceError(thrown) });
        throw thrown;
      },
    );
  });
}
