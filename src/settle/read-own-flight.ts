/** The answers of own statements → the outcome of each entry, in the order of the calls, as in drizzle. */
import type { FlushContext } from '../context.ts';
import type { ResultMaker } from '../driver/driver.ts';
import { isAnswer, isCommitLost, isLost } from '../driver/errors.ts';
import type { Answer } from '../driver/statement.ts';
import { mapRow } from '../drizzle/selection.ts';
import { asError, codeOf } from '../errors.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightAnswers } from '../send/send-flight.ts';
import { unresolved } from '../take/deferred-value.ts';
import type { Entry, Outcome } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import type { OwnFlight } from '../write/own-flight.ts';
import type { OwnAnswer } from '../write/own-insert.ts';
import type { Outcomes } from './outcomes.ts';
import type { Flight } from './read-flight.ts';

export interface ReadOwnFlight extends Flight {
  /** Entries behind the statement that failed, with their errors: the server refused them because of it. */
  readonly behind: ReadonlyMap<Entry, Error>;
}

/** The outcome of an entry that had a statement to itself: its rows are the caller's, in the order of the answer. */
class OwnOutcome implements Outcome {
  constructor(
    readonly answer: Answer,
    readonly width: number,
    readonly results: ResultMaker,
  ) {}

  value({ returning }: Entry): unknown {
    if (!returning) return this.results.empty(this.answer, this.answer.count ?? 0);
    return this.answer.map((row) => mapRow(returning, row));
  }

  driverValue({ returning }: Entry): Answer {
    if (!returning) return this.results.empty(this.answer, this.answer.count ?? 0);
    const names = this.results.columnNames(this.answer, [...returning.keys()]);
    const rows = this.answer.map((row) => row.slice(0, this.width));
    return this.results.objects(this.answer, names, rows);
  }
}

export function readOwnFlight(
  context: FlushContext,
  { answers: expected }: OwnFlight,
  flight: FlightAnswers,
  report: ReportBuilder,
): ReadOwnFlight {
  const { errors, results } = context.driver;
  const behind = new Map<Entry, Error>();
  const nothing = { outcomes: [], behind };
  if (flight.beginError) return { ...nothing, error: flight.beginError };
  // A savepoint may stand ahead.
  const answers = flight.answers.slice(-expected.length);
  const refused = flight.answers.find(({ status }) => status === 'rejected') as
    | PromiseRejectedResult
    | undefined;
  const error = refused && asError(refused.reason);
  if (error && flight.isCommitSent && isLost(errors, error))
    return { ...nothing, commitError: flight.commitError ?? error, isUnknown: true };
  const culprit = refused && expected[answers.indexOf(refused)]?.entry;
  const outcomes: Outcomes[number][] = [];
  for (const [index, own] of expected.entries()) {
    const answer = answers[index];
    if (answer?.status === 'fulfilled') {
      outcomes.push([[own.entry], new OwnOutcome(answer.value, own.width, results)]);
      remember(own, answer.value);
    } else if (answer && own.entry !== culprit && error && !isLost(errors, asError(answer.reason))) {
      behind.set(own.entry, consequence(context, own.entry, asError(answer.reason), error, culprit));
    }
  }
  if (error) return { outcomes, behind, error, culprit };
  const { commitError } = flight;
  const isUnknown = commitError && flight.isCommitSent && isCommitLost(errors, commitError);
  if (!commitError) count(expected, report);
  return { outcomes, behind, commitError, isUnknown };
}

/** Which row of several a conflict clause or a trigger has skipped is not known. */
function remember({ entry, learned }: OwnAnswer, answer: Answer): void {
  if (answer.length !== entry.count) return;
  for (let row = 0; row < answer.length; row++) {
    for (const [column, place] of learned) entry.rememberValue(row, column, answer[row]?.[place]);
  }
}

function count(expected: readonly OwnAnswer[], report: ReportBuilder): void {
  for (const { entry } of expected) report.count(entry.shape.name, { rows: entry.count, statements: 1 });
}

/** A statement behind one that failed: its error names that one as the cause, without its values. */
function consequence(
  { driver }: FlushContext,
  entry: Entry,
  refusal: Error,
  error: Error,
  culprit: Entry | undefined,
): Error {
  // The client has refused it, whatever came before.
  if (!isAnswer(driver.errors, refusal)) return new BatchedInsertError(ownInsert(entry), refusal);
  const { describe } = ownInsert(entry);
  const own = driver.errors.withStatement(refusal, describe, driver.values.serialize);
  const table = culprit ? ` into ${culprit.shape.name}` : '';
  // What failed before the flight, an insert or not, is known by the connection alone.
  if (codeOf(error) !== '25P02' || own.cause === undefined)
    own.cause = new Error(
      `an earlier insert${table} failed with ${codeOf(error) ?? 'an error without a code'}`,
    );
  return new BatchedInsertError(ownInsert(entry), own);
}

/** Why a child failed whose parent's row was skipped: nothing was kept for it. Asked once the parent is settled. */
export function explainSkippedParent(error: Error, culprit: Entry | undefined): Error {
  if (!['22P02', '42704'].includes(codeOf(error) ?? '')) return error;
  const reference = culprit?.references.find(({ origin }) => origin.value() === undefined);
  return reference ? unresolved(reference.origin) : error;
}

/**
 * A rule that takes no RETURNING, or a column or a row that the role may not select: drizzle's own statement may fare better.
 *
 * @param isAskedBack the refused statement has a RETURNING that its caller did not ask for
 */
export function isRefusedToUs(error: Error | undefined, isAskedBack = false): boolean {
  if (!error || !['0A000', '42501'].includes(codeOf(error) ?? '')) return false;
  // A row that violates a policy for inserts is refused whatever the statement asks back.
  return isAskedBack || (error as { routine?: unknown }).routine !== 'ExecWithCheckOptions';
}
