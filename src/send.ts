/** One flight on one connection: its statements leave together, COMMIT along with the last. */
import type { Connection } from './driver.ts';
import { asError, BatchedDrizzleError } from './errors.ts';
import type { Answer, Statement } from './statement.ts';

export interface FlightAnswers {
  readonly answers: readonly PromiseSettledResult<Answer>[];
  /** Why the transaction did not commit, where the flight was to end it. */
  readonly commitError?: Error | undefined;
  readonly roundTrips: number;
}

/**
 * Sends statements, and COMMIT behind them, without waiting for one another's answers.
 *
 * A statement that can't tell whether it is inside its transaction waits for BEGIN's answer, and with it the
 * flight: one more round trip.
 */
export async function sendFlight(
  connection: Connection,
  statements: readonly Statement[],
  commits: boolean,
): Promise<FlightAnswers> {
  const mustWait = !connection.hasBegun && statements.some((statement) => !statement.guarded);
  if (mustWait) await connection.begun;
  const sent = statements.map((statement) => connection.send(statement));
  const committed = commits ? commit(connection) : undefined;
  const [answers, commitError] = await Promise.all([
    Promise.allSettled(sent),
    committed?.then(() => undefined, asError),
  ]);
  return { answers, commitError, roundTrips: mustWait ? 2 : 1 };
}

function command(text: string): Statement {
  return { text, params: [], answer: 'values', guarded: true };
}

/**
 * Sends COMMIT and tells whether the server has committed: after an error inside, COMMIT succeeds with the
 * tag ROLLBACK.
 *
 * @throws the database's own error where COMMIT itself is refused, a deferred constraint for one.
 */
export async function commit(connection: Connection): Promise<void> {
  let answer: Answer;
  try {
    answer = await connection.send(command('commit'));
  } catch (error) {
    await giveBack(connection);
    throw error;
  }
  if (answer.command !== 'COMMIT') {
    throw new BatchedDrizzleError(
      'TRANSACTION_NOT_COMMITTED',
      `the server answered COMMIT with ${answer.command}`,
    );
  }
}

/** Rolls back, whatever state the transaction is in; never rejects. */
export async function rollback(connection: Connection): Promise<void> {
  await giveBack(connection);
}

const attempts = 5;

/**
 * Sends ROLLBACK until the connection is back in the pool: a statement that is cancelled late is refused, and
 * the transaction stays open.
 */
async function giveBack(connection: Connection): Promise<void> {
  for (let attempt = 0; attempt < attempts && connection.isOpen; attempt++) {
    await connection.send(command('rollback')).catch(asError);
  }
}

/** Sets a savepoint, or goes back to it. */
export function savepoint(
  connection: Connection,
  name: string,
): { set(): Promise<void>; restore(): Promise<void> } {
  const send = async (text: string): Promise<void> => {
    await connection.send(command(text));
  };
  return { set: () => send(`savepoint ${name}`), restore: () => send(`rollback to ${name}`) };
}
