import { failedStatement } from '#version/drizzle/database';
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { isCommitLost } from '../driver/errors.ts';
import { type Answer, command } from '../driver/statement.ts';
import { asError, BatchedDrizzleError, commitLost } from '../errors.ts';

/** The end of a transaction, on its way to the server. */
export interface Ending {
  /** Rejects if the transaction did not commit. */
  readonly committed: Promise<void>;
  /** Settles like the command that also begins the next transaction. */
  readonly next?: Promise<unknown>;
}

/**
 * Sends COMMIT and checks that the server has committed. After an error in the transaction COMMIT succeeds
 * with the tag ROLLBACK.
 *
 * @param begun the answer to BEGIN, since COMMIT also succeeds without a transaction
 * @throws the database's own error if the server refuses COMMIT, because of a deferred constraint for
 *   example. The transaction may still be open, because a cancelled COMMIT ends nothing.
 */
export async function commit(
  connection: Connection,
  begun: Promise<unknown> = connection.begun,
): Promise<void> {
  await checkCommit(connection, connection.finish(command('commit')), begun);
}

/**
 * With `chain` the session is in a transaction all the time. Some poolers give the server's connection to others as soon as
 * it is idle, and lose the answers of what was sent behind.
 */
export function sendCommit(
  connection: Connection,
  begun: Promise<unknown>,
  end: 'commit' | 'chain' | 'late',
): Ending {
  if (end === 'commit') return { committed: commit(connection, begun) };
  if (end === 'late') return { committed: begun.then(() => commit(connection, begun)) };
  const next = connection.finish(command('commit and chain'));
  return { committed: checkCommit(connection, next, begun), next };
}

async function checkCommit(
  connection: Connection,
  ended: Promise<Answer>,
  begun: Promise<unknown>,
): Promise<void> {
  const answer = await ended.catch((error) => {
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

/** Whether the server has answered COMMIT with a rollback, because of an error ahead of it. */
export function isRolledBack(error: Error | undefined): boolean {
  return error instanceof BatchedDrizzleError && error.code === 'TRANSACTION_NOT_COMMITTED';
}

/** The driver's error, with a message that explains the unknown outcome. */
function explainUnknown({ errors }: Connection, error: Error): Error {
  if (!isCommitLost(errors, error)) return error;
  return errors.copy(error, `${error.message}; the outcome is unknown: ${commitLost}`);
}

const attempts = 5;

/**
 * Rolls back in any state of the transaction. Never rejects.
 *
 * A late cancel can refuse ROLLBACK and leave the transaction open. ROLLBACK is therefore repeated until the
 * connection is back in the pool.
 */
export async function rollback(connection: Connection): Promise<void> {
  for (let attempt = 0; attempt < attempts && connection.isOpen; attempt++) {
    await connection.finish(command('rollback')).catch(asError);
  }
}

/** A savepoint. It travels with the next statements. */
export interface Savepoint {
  /** Rejects if the server refused the savepoint, and with it every later statement. */
  readonly isSet: Promise<void>;
  /** Rolls back to it. */
  restore(): Promise<void>;
  /** Releases it, where drizzle does: see `Framing.executesSavepoints`. */
  release(): Promise<void>;
}

/** @throws what the logger throws; nothing is sent then */
export function setSavepoint(
  { driver, logger }: FlushContext,
  connection: Connection,
  name: string,
): Savepoint {
  const { executesSavepoints } = driver.framing;
  const log = (text: string): void => {
    if (executesSavepoints) logger.logQuery(text, []);
  };
  const send = async (text: string): Promise<void> => {
    try {
      await connection.send(command(text));
    } catch (error) {
      throw executesSavepoints ? failedStatement(text, asError(error)) : error;
    }
  };
  log(`savepoint ${name}`);
  const isSet = send(`savepoint ${name}`);
  isSet.catch(() => {});
  const wayBack = executesSavepoints ? `rollback to savepoint ${name}` : `rollback to ${name}`;
  return {
    isSet,
    restore: async () => {
      log(wayBack);
      const restored = send(wayBack);
      // If the savepoint was refused, this is, too. The first refusal is the cause.
      restored.catch(() => {});
      await isSet;
      await restored;
    },
    async release() {
      log(`release savepoint ${name}`);
      await send(`release savepoint ${name}`);
    },
  };
}
