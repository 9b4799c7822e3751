import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { is, NoopLogger } from '../drizzle/exports.ts';
import type { ReportBuilder } from '../report.ts';
import { countTrips } from './count-round-trips.ts';
import { type FlightAnswers, sendFlight } from './send-flight.ts';

export async function sendLogged(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
  commits: boolean,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const { describes } = context.driver;
  const { hasBegun } = connection;
  report.roundTrips += countTrips({ statements, describes, hasBegun, commits });
  return sendFlight(connection, statements, commits);
}

/** A lone statement is a transaction by itself. */
export async function runLogged(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  statements: readonly Statement[],
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const { describes } = context.driver;
  report.roundTrips += countTrips({ statements, describes, hasBegun: true, commits: false });
  const answers = await Promise.allSettled(statements.map((statement) => send(statement)));
  return { answers, isCommitSent: true, isCommitted: false };
}

export function logAll({ logger }: FlushContext, statements: readonly Statement[]): void {
  // Statements of many rows are written to be logged, and then to be sent.
  if (is(logger, NoopLogger)) return;
  for (const { text, params } of statements) logger.logQuery(text, [...params]);
}

/** One statement that stands by itself, logged and counted. */
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
  report.roundTrips += countTrips({ statements: [query], describes, hasBegun, commits: false });
  return send(query);
}
