/** A plan → its flight: the key query, the INSERTs, COMMIT, and what became of them. */
import { randomBytes } from 'node:crypto';
import type { Connection } from './driver.ts';
import { cacheName } from './drizzle-facts.ts';
import type { Entry, Outcome } from './entry.ts';
import { asError, BatchedDrizzleError, BatchedInsertError } from './errors.ts';
import type { FlushContext, FlushTarget } from './flush.ts';
import { keyQuery, readKeys } from './keys.ts';
import type { KeyList, Plan } from './plan.ts';
import { isKnown, noteKeys, readAnswers, type SentChunk } from './read-answers.ts';
import type { ReportBuilder } from './report.ts';
import { type FlightAnswers, sendFlight } from './send.ts';
import type { Answer, Statement } from './statement.ts';
import { isLoneStatement, writeChunk } from './write/chunk.ts';
import { planReturning } from './write/returning.ts';

export interface Flight {
  readonly outcomes: ReadonlyMap<Entry, Outcome>;
  /** The first thing that the server refused; nothing of the flight stands then. */
  readonly error?: Error | undefined;
  /** The entry whose statement that was, where it held no other's rows. */
  readonly culprit?: Entry | undefined;
  /** COMMIT was refused, or answered with another tag, though every row had been written. */
  readonly commitError?: Error | undefined;
}

export async function fly(
  context: FlushContext,
  plan: Plan,
  target: FlushTarget,
  commits: boolean,
  report: ReportBuilder,
): Promise<Flight> {
  const isLone = isLoneStatement(plan);
  const connection = isLone && !target.connection ? undefined : await target.connect();
  const keysFirst = context.options.keys === 'client' || plan.chunks.some(embedsReferences);
  const token =
    (isLone && (connection?.hasBegun ?? true)) || keysFirst ? undefined : randomBytes(8).toString('hex');
  const query =
    plan.chunks.length === 0 || (isLone && token === undefined) ? undefined : writeKeyQuery(plan, token);

  const keys = new Map<KeyList, readonly string[]>();
  const isQueryFirst = keysFirst && query !== undefined && plan.lists.length > 0;
  if (isQueryFirst && connection) {
    const first = await sendLogged(context, connection, [query], false, report);
    const refused = firstRefusal(first);
    if (refused) return { outcomes: new Map(), error: refused.error };
    for (const [list, taken] of readKeys(plan.lists, answersOf(first)[0] as Answer)) keys.set(list, taken);
    noteKeys(plan, keys);
  }

  const sent = plan.chunks.map((chunk): SentChunk => {
    const identifier = plan.identifiers.get(chunk.shape.table);
    return {
      chunk,
      returning: planReturning(chunk, context.dialect, identifier, (entry) =>
        isKnown(entry, plan, chunk, context),
      ),
    };
  });
  const serialize = context.driver.serialize.bind(context.driver);
  const inserts = sent.map(({ chunk, returning }) =>
    writeChunk(chunk, returning, { dialect: context.dialect, serialize, token, keys }),
  );
  countRows(plan, report);

  const [flight, mutations] = await Promise.all([
    connection
      ? sendLogged(
          context,
          connection,
          query && !isQueryFirst ? [query, ...inserts] : inserts,
          commits,
          report,
        )
      : runLogged(context, target, inserts, report),
    tellCache(context, plan),
  ]);
  const refused = firstRefusal(flight);
  const offset = flight.answers.length - inserts.length;
  if (refused) {
    const chunk = refused.index < offset ? undefined : plan.chunks[refused.index - offset];
    const only = chunk && new Set(chunk.rows.map(({ entry }) => entry));
    return {
      outcomes: new Map(),
      error: refused.error,
      culprit: only?.size === 1 ? [...only][0] : undefined,
    };
  }
  const answers = answersOf(flight);
  const outcomes = whenWritten(() => {
    if (offset === 1) noteKeys(plan, readKeys(plan.lists, answers[0] as Answer));
    return readAnswers(plan, sent, answers.slice(offset), context);
  });
  for (const [entry, error] of mutations) outcomes.set(entry, { error });
  return { outcomes, commitError: flight.commitError };
}

/** Reads answers of rows that stand in the table: what goes wrong now must not look as if they did not. */
function whenWritten<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { message } = asError(error);
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `the rows were written, and their answer fits none: ${message}`,
      {
        cause: error,
      },
    );
  }
}

/** An expression is text with parameters: what it refers to must be known when it is written. */
function embedsReferences({ rows }: Plan['chunks'][number]): boolean {
  return rows.some(({ entry }) => entry.embedded.some((reference) => reference.value() === undefined));
}

function writeKeyQuery(plan: Plan, token: string | undefined): Statement {
  const facts = new Map(
    plan.chunks.flatMap(({ shape, facts }) => (facts ? [[shape.name, facts] as const] : [])),
  );
  return keyQuery({ lists: plan.lists, facts: [...facts], token });
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
  const flight = await sendFlight(connection, statements, commits);
  report.roundTrips += flight.roundTrips;
  return flight;
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
  report.roundTrips += 1;
  return {
    answers: await Promise.allSettled(statements.map((statement) => target.run(statement))),
    roundTrips: 1,
  };
}

function logAll({ logger }: FlushContext, statements: readonly Statement[]): void {
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

function countRows({ chunks, lists }: Plan, report: ReportBuilder): void {
  for (const { shape, rows } of chunks) report.count(shape.name, { rows: rows.length, statements: 1 });
  for (const { shape, size } of lists) report.count(shape.name, { keys: size });
}

/** Tells drizzle's cache of every insert, as drizzle does while it executes one. */
async function tellCache({ cache }: FlushContext, { chunks }: Plan): Promise<Map<Entry, Error>> {
  const failed = new Map<Entry, Error>();
  if (!cache) return failed;
  const entries = new Set(chunks.flatMap(({ rows }) => rows.map(({ entry }) => entry)));
  await Promise.all(
    [...entries].map(async (entry) => {
      try {
        await cache.onMutate({ tables: [cacheName(entry.shape.table)] });
      } catch (error) {
        failed.set(entry, new BatchedInsertError(entry.own, asError(error)));
      }
    }),
  );
  return failed;
}
