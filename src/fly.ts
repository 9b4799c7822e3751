/** A plan → its flight: the key query, the INSERTs, COMMIT, and what became of them. */
import { is, NoopLogger } from 'drizzle-orm';
import { type Chunk, entriesOf } from './chunk.ts';
import { countTrips } from './count-trips.ts';
import type { Connection } from './driver.ts';
import type { Entry } from './entry.ts';
import { asError, BatchedDrizzleError } from './errors.ts';
import { isCommitLost, isLost } from './fate.ts';
import type { FlushContext, FlushTarget } from './flush.ts';
import { boundLocks, readKeys } from './keys.ts';
import type { Plan } from './plan.ts';
import { readAnswers } from './read-answers.ts';
import type { ReportBuilder } from './report.ts';
import { command, type FlightAnswers, sendFlight } from './send.ts';
import type { Outcomes } from './settle.ts';
import { type Answer, HeardStatement, type Statement } from './statement.ts';
import { tellCache } from './tell-cache.ts';
import { isLoneStatement } from './write/chunk.ts';
import { lockForCopy } from './write/copy.ts';
import { type Inserts, keysHeard, makeToken, writeInserts, writeKeyQuery } from './write-flight.ts';

export interface Flight {
  readonly outcomes: Outcomes;
  /** What kept the flight from being written; nothing of it stands then. */
  readonly error?: Error | undefined;
  /** The entry whose statement was refused, where it held no other's rows. */
  readonly culprit?: Entry | undefined;
  /** COMMIT was refused, lost, or answered with another tag, though every row had been written. */
  readonly commitError?: Error | undefined;
  /** The connection went away with COMMIT on its way. */
  readonly isUnknown?: boolean | undefined;
}

/** @param lone the statement of a plan of one row, which is written already */
export async function fly(
  context: FlushContext,
  plan: Plan,
  target: FlushTarget,
  commits: boolean,
  report: ReportBuilder,
  lone?: Inserts,
): Promise<Flight> {
  const { isBounded } = target;
  const isLone = lone !== undefined || (isLoneStatement(plan) && !isBounded);
  const connection = isLone && !target.connection ? undefined : await target.connect();
  const keysFirst = !lone && (context.options.keys === 'client' || plan.chunks.some(embedsReferences));
  const token = (isLone && (connection?.hasBegun ?? true)) || keysFirst ? undefined : makeToken();
  const query =
    plan.chunks.length === 0 || (isLone && token === undefined)
      ? undefined
      : writeKeyQuery(plan, { token, isBounded });

  const isQueryFirst = keysFirst && query !== undefined && plan.lists.length > 0;
  const copied = plan.chunks.filter((chunk) => chunk.copied);
  const isOpened = isBounded && (token === undefined || copied.length > 0);
  const opening = [
    ...(isOpened ? [command(boundLocks)] : []),
    ...copied.map((chunk) => command(lockForCopy(chunk, context.dialect))),
  ];
  if (isQueryFirst && connection) {
    const first = await sendLogged(context, connection, [...opening.splice(0), query], false, report);
    const refused = firstRefusal(first);
    if (refused) return { outcomes: [], error: first.beginError ?? refused.error };
    readKeys(plan.lists, answersOf(first).at(-1) as Answer);
    countKeys(plan, report);
  }
  const heard = query && !isQueryFirst ? new HeardStatement(query) : undefined;
  const keysKnown = heard ? keysHeard(plan, heard) : Promise.resolve();
  const inserts = lone ?? writeInserts(context, plan, token, keysKnown);
  const statements = [...opening, ...(heard ? [heard] : []), ...inserts.statements];
  const [flight, mutations] = await Promise.all([
    connection
      ? sendLogged(context, connection, statements, commits, report)
      : runLogged(context, target, statements, report),
    tellCache(context.cache, () => entriesOfPlan(plan)),
  ]);
  const how = { isQueried: heard !== undefined, report };
  const read = readFlight(context, plan, inserts, flight, how);
  const isWritten = read.outcomes.length > 0;
  const objections = isWritten ? [...mutations].map(([entry, error]) => [[entry], { error }] as const) : [];
  return { ...read, outcomes: [...objections, ...read.outcomes] };
}

export interface FlightReading {
  /** The key query stands right before the INSERTs. */
  readonly isQueried: boolean;
  /** Counts the keys that were taken, also by a flight that is refused, and the rows that were written. */
  readonly report: ReportBuilder;
}

/** What became of a flight. */
export function readFlight(
  context: FlushContext,
  plan: Plan,
  { statements, sent }: Inserts,
  flight: FlightAnswers,
  { isQueried, report }: FlightReading,
): Flight {
  const outcomes: Outcomes = [];
  const offset = flight.answers.length - statements.length;
  const query = isQueried ? flight.answers[offset - 1] : undefined;
  if (query?.status === 'fulfilled') countKeys(plan, report);
  const refused = firstRefusal(flight);
  if (refused && flight.isCommitSent && isLost(refused.error)) {
    return { outcomes, commitError: flight.commitError ?? refused.error, isUnknown: true };
  }
  if (refused && flight.isCommitted) throw unreadable(refused.error);
  if (refused) {
    // A batch that is sent again has the same keys, as if each insert had been sent once.
    if (query?.status === 'fulfilled') readKeys(plan.lists, query.value);
    const chunk = refused.index < offset ? undefined : plan.chunks[refused.index - offset];
    const only = chunk && entriesOf(chunk);
    if (flight.beginError) return { outcomes, error: flight.beginError };
    return { outcomes, error: refused.error, culprit: only?.length === 1 ? only[0] : undefined };
  }
  const answers = answersOf(flight);
  const { commitError } = flight;
  const isUnknown = commitError && flight.isCommitSent && isCommitLost(commitError);
  try {
    if (query) readKeys(plan.lists, answers[offset - 1] as Answer);
    const read = {
      outcomes: readAnswers(plan, sent, answers.slice(offset), context),
      commitError,
      isUnknown,
    };
    if (!commitError) countRows(plan, report);
    return read;
  } catch (error) {
    throw unreadable(asError(error));
  }
}

/** What goes wrong once rows stand in the table must not look as if they did not. */
function unreadable(error: Error): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'MISMATCHED_ANSWER',
    `the rows were written, and their answer can't be read: ${error.message}`,
    { cause: error },
  );
}

/** An expression is text with parameters: what it refers to must be known when it is written. */
function embedsReferences(chunk: Chunk): boolean {
  return entriesOf(chunk).some(({ embedded }) =>
    embedded.some((reference) => reference.value() === undefined),
  );
}

async function sendLogged(
  context: FlushContext,
  connection: Connection,
  statements: readonly Statement[],
  commits: boolean,
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const describes = context.options.parameters === 'describe';
  const { hasBegun } = connection;
  report.roundTrips += countTrips({ statements, describes, hasBegun, commits });
  return sendFlight(connection, statements, commits);
}

/** A lone statement is a transaction by itself. */
async function runLogged(
  context: FlushContext,
  target: FlushTarget,
  statements: readonly Statement[],
  report: ReportBuilder,
): Promise<FlightAnswers> {
  logAll(context, statements);
  report.statements += statements.length;
  const describes = context.options.parameters === 'describe';
  report.roundTrips += countTrips({ statements, describes, hasBegun: true, commits: false });
  const answers = await Promise.allSettled(statements.map((statement) => target.run(statement)));
  return { answers, isCommitSent: true, isCommitted: false };
}

export function logAll({ logger }: FlushContext, statements: readonly Statement[]): void {
  // Statements of many rows are written to be logged, and then to be sent.
  if (is(logger, NoopLogger)) return;
  for (const { text, params } of statements) logger.logQuery(text, [...params]);
}

function firstRefusal({ answers }: FlightAnswers): { error: Error; index: number } | undefined {
  const index = answers.findIndex(({ status }) => status === 'rejected');
  return index === -1
    ? undefined
    : { error: asError((answers[index] as PromiseRejectedResult).reason), index };
}

function answersOf({ answers }: FlightAnswers): Answer[] {
  return answers.map((answer) => (answer as PromiseFulfilledResult<Answer>).value);
}

function entriesOfPlan({ chunks }: Plan): Set<Entry> {
  return new Set(chunks.flatMap(({ entries }) => entries));
}

function countKeys({ lists }: Plan, report: ReportBuilder): void {
  for (const { shape, size } of lists) report.count(shape.name, { keys: size });
}

function countRows({ chunks }: Plan, report: ReportBuilder): void {
  for (const { shape, size } of chunks) report.count(shape.name, { rows: size, statements: 1 });
}
