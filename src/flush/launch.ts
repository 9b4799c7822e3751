/** Logs a flight, notifies the cache of its entries, and sends it. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Statement } from '../driver/statement.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightAnswers, FlightEnd } from '../send/send-flight.ts';
import { logInserts, runCounted, sendCounted } from '../send/send-logged.ts';
import { notifyCache } from '../settle/notify-cache.ts';
import type { Entry } from '../take/entry.ts';
import type { FlushTarget } from './target.ts';

export interface Launch {
  readonly connection: Connection | undefined;
  readonly statements: readonly Statement[];
  readonly entries: () => Iterable<Entry>;
  readonly end: FlightEnd;
  /** Nothing follows the flight, whatever its answers are. */
  readonly isLast?: boolean;
}

/**
 * The logger and the cache may use the transaction that they see a statement of. So COMMIT travels along only if they have
 * left it alone until then. The flight itself waits for neither.
 */
export async function launch(
  context: FlushContext,
  target: FlushTarget,
  { connection, statements, entries, end, isLast }: Launch,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logInserts(context, statements);
  const notify = (): void => {
    const notified = notifyCache(context.cache, entries);
    if (notified) target.watch?.(notified);
  };
  let isEnd = end === 'commit';
  if (isEnd && target.closes) {
    notify();
    isEnd = await target.closes();
  }
  const sent = connection
    ? sendCounted(context, connection, statements, isEnd ? endOf(context, connection) : 'open', report)
    : runCounted(context, (statement) => target.run(statement), statements, report);
  // As in drizzle, the insert is on its way by then.
  notify();
  if (isLast) target.left?.();
  const answers = await sent;
  if (connection?.hasBegun) context.engine.takesTransactions = true;
  return answers;
}

/** A pooler may refuse transactions only when it sees BEGIN's answer. So behind one the first COMMIT of a client waits for it. */
function endOf({ engine, driver }: FlushContext, { hasBegun }: Connection): FlightEnd {
  return hasBegun || (engine.takesTransactions ?? driver.isDirect) ? 'commit' : 'late';
}
