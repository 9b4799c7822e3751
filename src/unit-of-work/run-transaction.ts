/** A transaction: BEGIN with its first statement, COMMIT with its last flush. */

import { failedStatement } from '#version/drizzle/database';
import type { FlushContext } from '../context.ts';
import type { Connection, Driver } from '../driver/driver.ts';
import { isLost } from '../driver/errors.ts';
import { command } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { LatePart } from '../flush/late-part.ts';
import { isLogging } from '../send/send-logged.ts';
import type { Savepoint } from '../send/transaction-commands.ts';
import { explainLoss, joinedError } from './ended-errors.ts';
import { TransactionState } from './transaction-state.ts';
import { TransactionUnit } from './transaction-unit.ts';

export const queuedAwaits = new LatePart(() => import('./queued-awaits.ts'));

/**
 * Runs the callback as soon as a connection is likely to be free. BEGIN leaves together with the first statement or flush.
 *
 * @param isOwn it is no transaction that the program has asked for, and must not become a part of one
 */
export async function runTransaction<T>(
  context: FlushContext,
  work: (unit: TransactionUnit) => Promise<T>,
  modes?: string,
  isOwn = false,
): Promise<T> {
  const { driver, logger } = context;
  if (isOwn && (await driver.isJoined?.())) throw joinedError();
  const { framing } = driver;
  const begin = framing.begin(modes);
  const opening = framing.opening(modes);
  const log =
    framing.executesEnds && isLogging(context) ? (text: string) => logger.logQuery(text, []) : undefined;
  const connection = await driver.begin(isOwn ? undefined : begin, log);
  const state = new TransactionState(connection, async () => {
    state.connection = await beginAgain(driver, state.connection, begin, opening);
  });
  state.isPlain = modes === undefined;
  const unit = new TransactionUnit(context, state);
  let loss: Error | undefined;
  let isWorking = true;
  connection.lost.catch((error) => {
    loss = error;
  });
  const modesSet = opening === undefined ? undefined : setModes(context, unit, opening);
  try {
    if (connection.isJoined) throw joinedError();
    if (context.options.awaits === 'queued') {
      // The transaction has its place in the line of the pool already.
      const { QueuedAwaits } = queuedAwaits.read ?? (await queuedAwaits.reading());
      state.queued = new QueuedAwaits(context, state);
    }
    // The server refuses other words, and plain drizzle then never runs the callback.
    if (modes !== undefined && !standardModes.test(modes)) await (modesSet ?? connection.begun);
    const working = connection.run ? connection.run(() => work(unit)) : work(unit);
    // On pg plain drizzle waits for the callback, also if the connection is lost meanwhile.
    const lost = framing.executesEnds ? [] : [connection.lost];
    const result = await Promise.race([working, ...lost, ...rejections(modesSet)]);
    isWorking = false;
    await unit.commit();
    await state.hearing.allTold();
    if (connection.hasBegun) context.engine.takesTransactions = true;
    return result;
  } catch (error) {
    await unit.abort(asError(error));
    await state.hearing.allTold();
    // If the modes were refused, or BEGIN itself, the other errors follow from that.
    await modesSet;
    if (loss && framing.executesEnds) throw explainLoss(error, loss, begin, connection, isWorking);
    throw unit.explain(error);
  } finally {
    // A role, a grant or a policy counts for others from COMMIT on.
    if (state.facts.isDoubted) context.engine.forgetSelectable();
  }
}

const standardModes =
  /^(?=.)(isolation level (read (un)?committed|repeatable read|serializable)\b ?)?(read (write|only)\b ?)?((not )?deferrable)?$/;

/** A transaction in another one: a savepoint, as in drizzle. */
export async function runNested<T>(
  outer: TransactionUnit,
  work: (unit: TransactionUnit) => Promise<T>,
): Promise<T> {
  const { unit, mark } = await outer.nest();
  try {
    const result = await work(unit);
    await unit.release(mark);
    if (outer.context.driver.framing.executesSavepoints)
      await outer.state.inTurn(() => releaseAhead(outer, mark), true);
    return result;
  } catch (error) {
    await unit.restore(asError(error), mark);
    throw unit.explain(error);
  }
}

/** Releases a savepoint. If the server can't refuse that, it travels with the next statement. */
async function releaseAhead(outer: TransactionUnit, mark: Savepoint): Promise<void> {
  const { hearing, mayFail } = outer.state;
  if (mayFail) return hearing.hear(() => mark.release());
  // If the connection is lost, what COMMIT says of it counts: it may have been sent, too.
  mark.release().catch((thrown) => {
    const error = asError(thrown);
    if (!isLost(outer.context.driver.errors, asError(error.cause))) outer.fail(error);
  });
  await hearing.answered();
}

/**
 * Is sent right after BEGIN, like drizzle's `setTransaction()`. It needs no guard: outside a transaction it
 * does nothing.
 */
async function setModes({ logger }: FlushContext, unit: TransactionUnit, text: string): Promise<void> {
  logger.logQuery(text, []);
  try {
    await unit.state.connection.send(command(text));
  } catch (error) {
    unit.fail(asError(error));
    throw failedStatement(text, asError(error));
  }
}

/**
 * Uses the same connection if it is still ours. After a COMMIT that rolled back it belongs to the pool again.
 */
async function beginAgain(
  driver: Driver,
  connection: Connection,
  begin: string,
  opening: string | undefined,
): Promise<Connection> {
  const again = connection.isOpen ? connection : await driver.begin(begin);
  const begun = again === connection ? again.restart() : undefined;
  await Promise.all([begun, opening === undefined ? undefined : again.send(command(opening))]);
  return again;
}

/** A promise that rejects like the given one and never resolves; none if none is given. */
function rejections(promise: Promise<unknown> | undefined): Promise<never>[] {
  return promise === undefined ? [] : [new Promise((_, reject) => promise.catch(reject))];
}
