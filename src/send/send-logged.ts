import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { type Answer, RawValue, type Statement } from '../driver/statement.ts';
import { is, NoopLogger } from '../drizzle/exports.ts';
import { ThrownByLogger } from '../errors.ts';
import type { ReportBuilder } from '../report.ts';
import { countRoundTrips, type Flown } from './count-round-trips.ts';
import { type FlightAnswers, type FlightEnd, sendFlight } from './send-flight.ts';

export async function sendLogged(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
  end: FlightEnd,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logInserts(context, statements);
  return sendCounted(context, connection, statements, end, report);
}

/** Sends statements that are logged already. */
export async function sendCounted(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
  end: FlightEnd,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  count(context, statements, { mayFollow: connection.mayFollow, end }, report);
  return sendFlight(connection, statements, end);
}

/** Sends statements that are logged already, without a transaction around them. */
export async function runCounted(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  statements: readonly Statement[],
  report: ReportBuilder,
): Promise<FlightAnswers> {
  count(context, statements, { mayFollow: true, end: 'open' }, report);
  const answers = await Promise.allSettled(statements.map((statement) => send(statement)));
  return { answers, isCommitSent: true, isCommitted: false };
}

export function isLogging({ logger }: FlushContext): boolean {
  return !is(logger, NoopLogger);
}

/** @throws {ThrownByLogger} */
export function logInserts(context: FlushContext, statements: readonly Statement[]): void {
  try {
    logAll(context, statements);
  } catch (thrown) {
    throw new ThrownByLogger(thrown);
  }
}

export function logAll(context: FlushContext, statements: readonly Statement[]): void {
  // Logging needs the text, so it would write multi-row statements twice.
  if (!isLogging(context)) return;
  for (const { text, params, logged = params } of statements)
    context.logger.logQuery(text, logged.map(givenOf));
}

function givenOf(param: unknown): unknown {
  return param instanceof RawValue ? param.value : param;
}

/** Sends one separate statement and what travels ahead of it, and counts them for the report. */
export async function askLogged(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  mayFollow: boolean,
  report: ReportBuilder,
  query: Statement,
  ahead: readonly Statement[] = [],
): Promise<Answer> {
  logInserts(context, [...ahead, query]);
  count(context, [...ahead, query], { mayFollow, end: 'open' }, report);
  // If one of them fails, so does the statement behind it.
  for (const statement of ahead) send(statement).catch(() => {});
  return send(query);
}

/** Logs and sends statements that belong to no flush, without waiting for one another's answers. */
export function sendUncounted(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
): Promise<Answer>[] {
  logAll(context, statements);
  return statements.map((statement) => connection.send(statement));
}

function count(
  context: FlushContext,
  statements: readonly Statement[],
  { mayFollow, end }: Pick<Flown, 'mayFollow' | 'end'>,
  report: ReportBuilder,
): void {
  report.statements += statements.length;
  const { describes, copiesAhead } = context.driver;
  report.roundTrips += countRoundTrips({ statements, describes, copiesAhead, mayFollow, end });
}
