import type { Connection } from '../driver/driver.ts';
import { isCommitLost } from '../driver/errors.ts';
import { command } from '../driver/statement.ts';
import { asError, BatchedDrizzleError, commitLost } from '../errors.ts';

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
    throw connection.hasFinished ? explainUnknown(connection, error) : error;
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
function explainUnknown({ errors }: Connection, error: Error): Error {
  if (!isCommitLost(errors, error)) return error;
  return errors.copy(error, `${error.message}; the outcome is unknown: ${commitLost}`);
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
