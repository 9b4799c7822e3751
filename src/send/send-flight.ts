/** One flight on one connection: its statements leave together, and COMMIT leaves with the last one. */
import type { Connection } from '../driver/driver.ts';
import { isAnswer } from '../driver/errors.ts';
import {
  type Answer,
  CopyStatement,
  command,
  EagerStatement,
  hasRawValues,
  LazyStatement,
  type Statement,
  tooManyParams,
} from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { failTransaction } from '../write/raise.ts';
import { sendCommit } from './transaction-commands.ts';

export interface FlightAnswers {
  readonly answers: readonly PromiseSettledResult<Answer>[];
  /** Why the transaction did not commit, if the flight had to end it. */
  readonly commitError?: Error | undefined;
  /** COMMIT has been written to the connection, so the transaction may have committed. */
  readonly isCommitSent: boolean;
  /** The server has confirmed COMMIT. */
  readonly isCommitted: boolean;
  /** Why the server refused BEGIN, and with it the rows of the flight. */
  readonly beginError?: Error | undefined;
  /** Settles like the command that has ended the transaction and begun the next one. */
  readonly next?: Promise<unknown> | undefined;
}

/**
 * Whether COMMIT travels behind the statements.
 *
 * - `chain`: it does, and begins the next transaction.
 * - `late`: it leaves when BEGIN has been answered.
 */
export type FlightEnd = 'commit' | 'chain' | 'late' | 'open';

/**
 * Sends statements and COMMIT in one pipeline, without waiting for an answer between them.
 *
 * A statement without a guard must wait for BEGIN's answer, and the flight waits with it. That costs one more
 * round trip.
 *
 * @param chained the flight before on the connection, whose end begins the transaction of this one
 */
export async function sendFlight(
  connection: Connection,
  statements: readonly Statement[],
  end: FlightEnd,
  chained?: Promise<FlightAnswers>,
): Promise<FlightAnswers> {
  checkParamCount(statements);
  const mustWait = !connection.mayFollow && statements.some((statement) => !statement.guarded);
  if (mustWait) await connection.begun;
  const sent = isLong(statements)
    ? await sendInTurn(connection, statements)
    : statements.map((statement) => send(connection, statement));
  if (end !== 'open' && statements.some(hasRawValues)) await failIfUnsent(connection, sent);
  // Asked for behind the statements: BEGIN leaves with what the first of them depends on.
  const begun = chained ? chained.then(({ next }) => next) : connection.begun;
  const ending = end === 'open' ? undefined : sendCommit(connection, begun, end);
  const [answers, commitError, beginError] = await Promise.all([
    Promise.allSettled(sent),
    ending?.committed.then(() => undefined, asError),
    connection.hasBegun && !chained ? undefined : begun.then(() => undefined, asError),
  ]);
  return {
    answers,
    commitError,
    isCommitSent: ending !== undefined && connection.hasFinished,
    isCommitted: ending !== undefined && !commitError,
    beginError: beginError && isAnswer(connection.errors, beginError) ? beginError : undefined,
    next: ending?.next,
  };
}

/**
 * A serialiser of the client may throw when its statement is described. The server does not know of that error, and would
 * commit the rest. COMMIT leaves behind the answer of a described statement anyway.
 */
async function failIfUnsent(connection: Connection, sent: readonly Promise<Answer>[]): Promise<void> {
  const answers = await Promise.allSettled(sent);
  const isUnsent = answers.some(
    (answer) => answer.status === 'rejected' && !isAnswer(connection.errors, asError(answer.reason)),
  );
  if (isUnsent) connection.send(command(failTransaction)).catch(() => {});
}

/**
 * At most 8 MiB of multi-row statements are in flight. The server never waits for the next one, and the
 * client's memory stays bounded.
 */
const mostUnanswered = 8 * 1024 * 1024;

/** Whether a flight is too long to leave at once. */
export function isLong(statements: readonly Statement[]): boolean {
  const large = statements.filter((statement) => statement instanceof LazyStatement);
  const bytes = large.reduce((sum, statement) => sum + statement.bytes, 0);
  return bytes > mostUnanswered || statements.some((statement) => statement instanceof CopyStatement);
}

/**
 * Sends multi-row statements as the server answers earlier ones. After a refused one the rest is not sent.
 */
async function sendInTurn(
  connection: Connection,
  statements: readonly Statement[],
): Promise<Promise<Answer>[]> {
  const sent: Promise<Answer>[] = [];
  const unanswered: { readonly answer: Promise<Answer>; readonly bytes: number }[] = [];
  let refused: Promise<Answer> | undefined;
  for (const statement of statements) {
    const bytes = statement instanceof LazyStatement ? statement.bytes : 0;
    let held = unanswered.reduce((sum, other) => sum + other.bytes, bytes);
    while (bytes > 0 && held > mostUnanswered && !refused) {
      const first = unanswered.shift();
      if (!first) break;
      held -= first.bytes;
      if (!(await isFulfilled(first.answer))) refused = first.answer;
    }
    const answer = bytes > 0 && refused ? refused : send(connection, statement);
    // `sendFlight` handles the rejection after it has sent everything.
    answer.catch(() => {});
    sent.push(answer);
    if (bytes > 0) unanswered.push({ answer, bytes });
  }
  return sent;
}

export function send(connection: Connection, statement: Statement): Promise<Answer> {
  const unfit = writingFails(statement);
  if (unfit) return failInstead(connection, unfit);
  const answer = connection.send(statement);
  if (statement instanceof LazyStatement) statement.forget();
  if (statement instanceof EagerStatement) statement.follow(answer);
  return answer;
}

/**
 * Writes a statement that is not written yet.
 *
 * @returns the error, if it can't be written
 */
function writingFails(statement: Statement): Error | undefined {
  try {
    void statement.text;
    return undefined;
  } catch (error) {
    const { message } = asError(error);
    // The copy has no code, because a code could be taken for a connection's error.
    return new Error(message, { cause: error });
  }
}

/** Makes the server refuse the rest of the flight and COMMIT. Both may be on their way already. */
async function failInstead(connection: Connection, reason: Error): Promise<never> {
  await connection.send(command(failTransaction)).catch(() => {});
  throw reason;
}

function isFulfilled(answer: Promise<unknown>): Promise<boolean> {
  return answer.then(
    () => true,
    () => false,
  );
}

/**
 * Checks the count before anything is sent. A failure in the middle would leave the other statements on their
 * own.
 */
export function checkParamCount(statements: readonly Statement[]): void {
  for (const statement of statements) {
    // A multi-row statement has only a parameter or two for each column.
    if (statement instanceof LazyStatement) continue;
    const { length } = statement.params;
    if (length >= tooManyParams) throw tooMany(length);
  }
}

function tooMany(count: number): Error {
  const message = `MAX_PARAMETERS_EXCEEDED: ${count} parameters in one statement, at most ${tooManyParams - 1} can be sent`;
  return Object.assign(new Error(message), { code: 'MAX_PARAMETERS_EXCEEDED' });
}
