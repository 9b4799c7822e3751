import type { FlushContext } from '../context.ts';
import { isCommitLost, isLost } from '../driver/errors.ts';
import type { Answer } from '../driver/statement.ts';
import { asError, BatchedDrizzleError } from '../errors.ts';
import { type Chunk, entriesOf } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightAnswers } from '../send/send-flight.ts';
import type { Entry } from '../take/entry.ts';
import { needsValues } from '../write/write-chunk.ts';
import type { Inserts } from '../write/write-flight.ts';
import type { Outcomes } from './outcomes.ts';
import { readAnswers } from './read-answers.ts';
import { readKeys } from './read-keys.ts';

export interface Flight {
  readonly outcomes: Outcomes;
  /** Why the flight was not written. None of its rows is in the table. */
  readonly error?: Error | undefined;
  /** The server refused a statement that writes rows. */
  readonly isOfRows?: boolean | undefined;
  /** The entry whose statement was refused, if the statement had only its rows. */
  readonly culprit?: Entry | undefined;
  /** The entries whose statements were executed before, if that of the culprit is as it would be alone. */
  readonly ahead?: readonly Entry[] | undefined;
  /** The server refused a statement ahead of the rows. */
  readonly isAhead?: boolean | undefined;
  /** That statement was the query for keys. */
  readonly isOfKeys?: boolean | undefined;
  /** COMMIT was refused, lost, or answered with another tag, although every row had been written. */
  readonly commitError?: Error | undefined;
  /** The connection broke while COMMIT was on its way. */
  readonly isUnknown?: boolean | undefined;
}

export interface FlightReading {
  /** The key query comes right before the INSERTs. */
  readonly isQueried: boolean;
  /** Counts the keys that were taken, even if the flight was refused, and the rows that were written. */
  readonly report: ReportBuilder;
}

/** The result of a flight. */
export function readFlight(
  context: FlushContext,
  plan: Plan,
  { statements, sent }: Inserts,
  flight: FlightAnswers,
  { isQueried, report }: FlightReading,
): Flight {
  const { errors } = context.driver;
  const outcomes: Outcomes = [];
  const offset = flight.answers.length - statements.length;
  const query = isQueried ? flight.answers[offset - 1] : undefined;
  if (query?.status === 'fulfilled') countKeys(plan, report);
  const refused = firstRefusal(flight);
  if (refused && flight.isCommitSent && isLost(errors, refused.error)) {
    return { outcomes, commitError: flight.commitError ?? refused.error, isUnknown: true };
  }
  if (refused && flight.isCommitted) throw unreadable(refused.error);
  if (refused) {
    // A batch that is sent again keeps its keys, as if each insert had been sent once.
    if (query?.status === 'fulfilled') readKeys(plan.lists, query.value);
    if (flight.beginError) return { outcomes, error: flight.beginError };
    const isOfKeys = isQueried && refused.index === offset - 1;
    if (refused.index < offset) return { outcomes, error: refused.error, isAhead: true, isOfKeys };
    const at = refused.index - offset;
    const chunk = plan.chunks[at] as Chunk;
    const only = entriesOf(chunk);
    const culprit = only.length === 1 ? only[0] : undefined;
    const isAsAlone = culprit && needsValues(chunk);
    const ahead = isAsAlone ? plan.chunks.slice(0, at).flatMap(entriesOf) : undefined;
    return { outcomes, error: refused.error, isOfRows: true, culprit, ahead };
  }
  const answers = answersOf(flight);
  const { commitError } = flight;
  const isUnknown = commitError && flight.isCommitSent && isCommitLost(errors, commitError);
  try {
    if (query) readKeys(plan.lists, answers[offset - 1] as Answer);
    const read = {
      outcomes: readAnswers(plan, sent, answers.slice(offset), context),
      commitError,
      isUnknown,
    };
    if (!commitError) reportRows(plan, report);
    return read;
  } catch (error) {
    throw unreadable(asError(error));
  }
}

/**
 * Reads the keys that a separate flight has fetched.
 *
 * @returns the flight that has failed, if there are none
 */
export function readKeysFirst(plan: Plan, flight: FlightAnswers, report: ReportBuilder): Flight | undefined {
  const refused = firstRefusal(flight);
  if (refused) {
    const error = flight.beginError ?? refused.error;
    const isOfKeys = !flight.beginError && refused.index === flight.answers.length - 1;
    return { outcomes: [], error, isAhead: true, isOfKeys };
  }
  readKeys(plan.lists, answersOf(flight).at(-1) as Answer);
  countKeys(plan, report);
  return undefined;
}

/** An error after the rows were written must not look as if they were missing. */
function unreadable(error: Error): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'MISMATCHED_ANSWER',
    `the rows were written, and their answer can't be read: ${error.message}`,
    { cause: error },
  );
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

function countKeys({ lists }: Plan, report: ReportBuilder): void {
  for (const { shape, size } of lists) report.count(shape.name, { keys: size });
}

function reportRows({ chunks }: Plan, report: ReportBuilder): void {
  for (const { shape, size } of chunks) report.count(shape.name, { rows: size, statements: 1 });
}
