/** One flight on one connection: its statements leave together, COMMIT along with the last. */
import type { Connection } from './driver.ts';
import { asError, BatchedDrizzleError, commitLost } from './errors.ts';
import { isAnswer, isCommitLost } from './fate.ts';
import { copyError } from './postgres-js/errors.ts';
import type { Answer, Statement } from './statement.ts';

export interface FlightAnswers {
  readonly answers: readonly PromiseSettledResult<Answer>[];
  /** Why the transaction did not commit, where the flight was to end it. */
  readonly commitError?: Error | undefined;
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
  const sent = statements.map((statement) => connection.send(statement));
  const committed = commits ? commit(connection, begun) : undefined;
  const [answers, commitError, beginError] = await Promise.all([
    Promise.allSettled(sent),
    committed?.then(() => undefined, asError),
    connection.hasBegun && !begins ? undefined : begun.then(() => undefined, asError),
  ]);
  return {
    answers,
    commitError,
    isCommitted: commits && !commitError,
    beginError: beginError && isAnswer(beginError) ? beginError : undefined,
  };
}

/** The protocol counts parameters in 16 bits, and postgres.js stops one short of that. */
const tooManyParams = 65_534;

/** Found out while it is being sent, a statement with too many would leave the rest of its flight to itself. */
export function checkParams(statements: readonly Statement[]): void {
  for (const { params } of statements) if (params.length >= tooManyParams) throw tooMany(params.length);
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
  const answer = await connection.finish(command('commit')).catch(sayIfUnknown);
  await begun;
  if (answer.command !== 'COMMIT') {
    throw new BatchedDrizzleError(
      'TRANSACTION_NOT_COMMITTED',
      `the server answered COMMIT with ${answer.command}`,
    );
  }
}

/** The driver's error stays what it is, and says what it means. */
function sayIfUnknown(error: Error): never {
  throw isCommitLost(error)
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
