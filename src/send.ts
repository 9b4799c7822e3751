/** One flight on one connection: its statements leave together, COMMIT along with the last. */
import type { Connection } from './driver.ts';
import { asError, BatchedDrizzleError, commitLost } from './errors.ts';
import { isAnswer, isCommitLost } from './fate.ts';
import { copyError } from './postgres-js/errors.ts';
import { type Answer, CopyStatement, HeardStatement, LateStatement, type Statement } from './statement.ts';
import { failTransaction } from './write/guard.ts';

export interface FlightAnswers {
  readonly answers: readonly PromiseSettledResult<Answer>[];
  /** Why the transaction did not commit, where the flight was to end it. */
  readonly commitError?: Error | undefined;
  /** COMMIT has been written, so that the transaction may stand. */
  readonly isCommitSent: boolean;
  /** The server has said that the transaction stands. */
  readonly isCommitted: boolean;
  /** Why the server refused BEGIN, and with it what the flight has written. */
  readonly beginError?: Error | undefined;
}

/**
 * Sends statements, and COMMIT behind them, without waiting for one another's answers.
 *
 * A statement that can't tell whether it is inside its transaction waits for BEGIN's answer, and with it the
 * flight: one more round trip.
 *
 * @param begins the flight has a BEGIN of its own, behind transactions that have ended on the connection
 */
export async function sendFlight(
  connection: Connection,
  statements: readonly Statement[],
  commits: boolean,
  begins = false,
): Promise<FlightAnswers> {
  checkParams(statements);
  const begun = begins ? connection.send(command('begin')) : connection.begun;
  const mustWait = !connection.hasBegun && statements.some((statement) => !statement.guarded);
  if (mustWait) await connection.begun;
  const sent = isLong(statements)
    ? await sendInTurn(connection, statements)
    : statements.map((statement) => send(connection, statement));
  const committed = commits ? commit(connection, begun) : undefined;
  const [answers, commitError, beginError] = await Promise.all([
    Promise.allSettled(sent),
    committed?.then(() => undefined, asError),
    connection.hasBegun && !begins ? undefined : begun.then(() => undefined, asError),
  ]);
  return {
    answers,
    commitError,
    isCommitSent: commits && connection.hasFinished,
    isCommitted: commits && !commitError,
    beginError: beginError && isAnswer(beginError) ? beginError : undefined,
  };
}

/** So many bytes of statements of many rows may be unanswered: the server has the next where it ends one, the client few in memory. */
const mostUnanswered = 8 * 1024 * 1024;

/** Whether a flight is too long to leave at once. */
export function isLong(statements: readonly Statement[]): boolean {
  const large = statements.filter((statement) => statement instanceof LateStatement);
  const bytes = large.reduce((sum, statement) => sum + statement.bytes, 0);
  return bytes > mostUnanswered || statements.some((statement) => statement instanceof CopyStatement);
}

/** Sends statements of many rows as the server answers those before them; what would stand behind a refused one is not sent. */
async function sendInTurn(
  connection: Connection,
  statements: readonly Statement[],
): Promise<Promise<Answer>[]> {
  const sent: Promise<Answer>[] = [];
  const unanswered: { readonly answer: Promise<Answer>; readonly bytes: number }[] = [];
  let refused: Promise<Answer> | undefined;
  for (const statement of statements) {
    const bytes = statement instanceof LateStatement ? statement.bytes : 0;
    let held = unanswered.reduce((sum, other) => sum + other.bytes, bytes);
    while (bytes > 0 && held > mostUnanswered && !refused) {
      const first = unanswered.shift();
      if (!first) break;
      held -= first.bytes;
      if (!(await isFulfilled(first.answer))) refused = first.answer;
    }
    const answer = bytes > 0 && refused ? refused : send(connection, statement);
    // Each is looked at when all have been sent.
    answer.catch(() => {});
    sent.push(answer);
    if (bytes > 0) unanswered.push({ answer, bytes });
  }
  return sent;
}

function send(connection: Connection, statement: Statement): Promise<Answer> {
  const unfit = writingFails(statement);
  if (unfit) return failInstead(connection, unfit);
  const answer = connection.send(statement);
  if (statement instanceof LateStatement) statement.forget();
  if (statement instanceof HeardStatement) statement.hear(answer);
  return answer;
}

/** Writes a statement that is not written yet. @returns why it can't be */
function writingFails(statement: Statement): Error | undefined {
  try {
    void statement.text;
    return undefined;
  } catch (error) {
    const { message } = asError(error);
    // Without a code of its own, which would be taken for one of the connection's.
    return new Error(message, { cause: error });
  }
}

/** The rest of the flight may be on its way already: the server must refuse it, and with it COMMIT. */
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

/** The protocol counts parameters in 16 bits, and postgres.js stops one short of that. */
const tooManyParams = 65_534;

/** Found out while it is being sent, a statement with too many would leave the rest of its flight to itself. */
export function checkParams(statements: readonly Statement[]): void {
  for (const statement of statements) {
    // One of many rows has a parameter or two for each column.
    if (statement instanceof LateStatement) continue;
    const { length } = statement.params;
    if (length >= tooManyParams) throw tooMany(length);
  }
}

function tooMany(count: number): Error {
  const message = `MAX_PARAMETERS_EXCEEDED: ${count} parameters in one statement, at most ${tooManyParams - 1} can be sent`;
  return Object.assign(new Error(message), { code: 'MAX_PARAMETERS_EXCEEDED' });
}

/** A statement without parameters or rows of interest. */
export function command(text: string): Statement {
  return { text, params: [], answer: 'values', guarded: true };
}

/**
 * Sends COMMIT and tells whether the server has committed: after an error inside, COMMIT succeeds with the
 * tag ROLLBACK.
 *
 * @param begun the answer to its BEGIN: without one COMMIT succeeds
 * @throws the database's own error where COMMIT itself is refused, a deferred constraint for one. The transaction
 *   may be open then: a COMMIT that was cancelled is refused, and ends nothing.
 */
export async function commit(
  connection: Connection,
  begun: Promise<unknown> = connection.begun,
): Promise<void> {
  const answer = await connection.finish(command('commit')).catch((error) => {
    throw connection.hasFinished ? saidIfUnknown(error) : error;
  });
  await begun;
  if (answer.command !== 'COMMIT') {
    throw new BatchedDrizzleError(
      'TRANSACTION_NOT_COMMITTED',
      `the server answered COMMIT with ${answer.command}`,
    );
  }
}

/** The driver's error stays what it is, and says what it means. */
function saidIfUnknown(error: Error): Error {
  return isCommitLost(error)
    ? copyError(error, `${error.message}; the outcome is unknown: ${commitLost}`)
    : error;
}

const attempts = 5;

/**
 * Rolls back, whatever state the transaction is in; never rejects. ROLLBACK is sent until the connection is back
 * in the pool: where it is cancelled late it is refused, and the transaction stays open.
 */
export async function rollback(connection: Connection): Promise<void> {
  for (let attempt = 0; attempt < attempts && connection.isOpen; attempt++) {
    await connection.finish(command('rollback')).catch(asError);
  }
}

/** A savepoint, which travels with what comes next. */
export interface Savepoint {
  /** Rejects where the server refused it, and with it everything behind. */
  readonly isSet: Promise<void>;
  /** Goes back to it. */
  restore(): Promise<void>;
}

export function setSavepoint(connection: Connection, name: string): Savepoint {
  const send = async (text: string): Promise<void> => {
    await connection.send(command(text));
  };
  const isSet = send(`savepoint ${name}`);
  return { isSet, restore: () => isSet.then(() => send(`rollback to ${name}`)) };
}
