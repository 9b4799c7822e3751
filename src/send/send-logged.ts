import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { is, NoopLogger } from '../drizzle/exports.ts';
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
  const { hasBegun } = connection;
  const { engine } = context;
  const ending = end === 'commit' && !hasBegun && !engine.takesTransactions ? 'late' : end;
  logAndCount(context, statements, { hasBegun, end: ending }, report);
  const answers = await sendFlight(connection, statements, ending);
  if (connection.hasBegun) engine.takesTransactions = true;
  return answers;
}

/** Sends statements without a transaction around them. */
export async function runLogged(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  statements: readonly Statement[],
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAndCount(context, statements, { hasBegun: true, end: 'open' }, report);
  const answers = await Promise.allSettled(statements.map((statement) => send(statement)));
  return { answers, isCommitSent: true, isCommitted: false };
}

export function logAll({ logger }: FlushContext, statements: readonly Statement[]): void {
  // Logging needs the text, so it would write multi-row statements twice.
  if (is(logger, NoopLogger)) return;
  for (const { text, params } of statements) logger.logQuery(text, [...params]);
}

/** Sends one separate statement and what travels ahead of it, and counts them for the report. */
export async function askLogged(
  context: FlushContext,
  send: (statement: Statement) => Promise<Answer>,
  hasBegun: boolean,
  report: ReportBuilder,
  query: Statement,
  ahead: readonly Statement[] = [],
): Promise<Answer> {
  logAndCount(context, [...ahead, query], { hasBegun, end: 'open' }, report);
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

function logAndCount(
  context: FlushContext,
  statements: readonly Statement[],
  { hasBegun, end }: Pick<Flown, 'hasBegun' | 'end'>,
  report: ReportBuilder,
): void {
  logAll(context, statements);
  report.statements += statements.length;
  report.roundTrips += countRoundTrips({ statements, describes: context.driver.describes, hasBegun, end });
}
