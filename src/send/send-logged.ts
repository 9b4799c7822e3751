import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { is, NoopLogger } from '../drizzle/exports.ts';
import type { ReportBuilder } from '../report.ts';
import { countRoundTrips } from './count-round-trips.ts';
import { type FlightAnswers, type FlightEnd, sendFlight } from './send-flight.ts';

export async function sendLogged(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
  end: FlightEnd,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const { describes } = context.driver;
  const { hasBegun } = connection;
  report.roundTrips += countRoundTrips({ statements, describes, hasBegun, end });
  return sendFlight(connection, statements, end);
}

/** Sends statements without a transaction around them. */
export async function runLogged(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  statements: readonly Statement[],
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const { describes } = context.driver;
  report.roundTrips += countRoundTrips({ statements, describes, hasBegun: true, end: 'open' });
  const answers = await Promise.allSettled(statements.map((statement) => send(statement)));
  return { answers, isCommitSent: true, isCommitted: false };
}

export function logAll({ logger }: FlushContext, statements: readonly Statement[]): void {
  // Logging needs the text, so it would write multi-row statements twice.
  if (is(logger, NoopLogger)) return;
  for (const { text, params } of statements) logger.logQuery(text, [...params]);
}

/** Sends one separate statement, and counts it for the report. */
export async function askLogged(
  { logger, driver }: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  hasBegun: boolean,
  report: ReportBuilder,
  query: Statement,
): Promise<Answer> {
  logger.logQuery(query.text, [...query.params]);
  const { describes } = driver;
  report.statements += 1;
  report.roundTrips += countRoundTrips({ statements: [query], describes, hasBegun, end: 'open' });
  return send(query);
}
