/** One flight on one connection: its statements leave together, COMMIT along with the last. */
import type { Connection } from '../driver/driver.ts';
import { isAnswer } from '../driver/errors.ts';
import {
  type Answer,
  CopyStatement,
  command,
  EagerStatement,
  LazyStatement,
  type Statement,
} from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { failTransaction } from '../write/guard.ts';
import { commit } from './transaction-commands.ts';

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

/** Whether COMMIT travels behind the statements. */
export type FlightEnd = 'commit' | 'open';

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
  end: FlightEnd,
  begins = false,
): Promise<FlightAnswers> {
  checkParamCount(statements);
  const begun = begins ? connection.send(command('begin')) : connection.begun;
  const mustWait = !connection.hasBegun && statements.some((statement) => !statement.guarded);
  if (mustWait) await connection.begun;
  const sent = isLong(statements)
    ? await sendInTurn(connection, statements)
    : statements.map((statement) => send(connection, statement));
  const commits = end === 'commit';
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
    beginError: beginError && isAnswer(connection.errors, beginError) ? beginError : undefined,
  };
}

/** So many bytes of statements of many rows may be unanswered: the server has the next where it ends one, the client few in memory. */
const mostUnanswered = 8 * 1024 * 1024;

/** Whether a flight is too long to leave at once. */
export function isLong(statements: readonly Statement[]): boolean {
  const large = statements.filter((statement) => statement instanceof LazyStatement);
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
    const bytes = statement instanceof LazyStatement ? statement.bytes : 0;
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

export function send(connection: Connection, statement: Statement): Promise<Answer> {
  const unfit = writingFails(statement);
  if (unfit) return failInstead(connection, unfit);
  const answer = connection.send(statement);
  if (statement instanceof LazyStatement) statement.forget();
  if (statement instanceof EagerStatement) statement.follow(answer);
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
export function checkParamCount(statements: readonly Statement[]): void {
  for (const statement of statements) {
    // One of many rows has a parameter or two for each column.
    if (statement instanceof LazyStatement) continue;
    const { length } = statement.params;
    if (length >= tooManyParams) throw tooMany(length);
  }
}

function tooMany(count: number): Error {
  const message = `MAX_PARAMETERS_EXCEEDED: ${count} parameters in one statement, at most ${tooManyParams - 1} can be sent`;
  return Object.assign(new Error(message), { code: 'MAX_PARAMETERS_EXCEEDED' });
}
