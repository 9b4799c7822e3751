/** The course of a transaction: BEGIN before its callback, COMMIT with its last flush. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { command } from '../driver/statement.ts';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { asError } from '../errors.ts';
import { TransactionState } from './transaction-state.ts';
import { TransactionUnit } from './transaction-unit.ts';

/** Runs the callback as soon as BEGIN is on its way: what it queues in its first turn leaves along with it. */
export async function runTransaction<T>(
  context: FlushContext,
  work: (unit: TransactionUnit) => Promise<T>,
  modes?: string,
): Promise<T> {
  const connection = await context.driver.begin();
  const state = new TransactionState(connection, async () => {
    state.connection = await beginAgain(context, state.connection, modes);
  });
  const unit = new TransactionUnit(context, state);
  const modesSet = modes === undefined ? undefined : setModes(context, unit, modes);
  try {
    const result = await Promise.race([work(unit), connection.lost, ...rejections(modesSet)]);
    await unit.commit();
    return result;
  } catch (error) {
    await unit.abort(asError(error));
    // Whatever else failed did so because of it.
    await modesSet;
    throw unit.explain(error);
  }
}

/** A transaction inside another: a savepoint, as in drizzle. */
export async function runNested<T>(
  outer: TransactionUnit,
  work: (unit: TransactionUnit) => Promise<T>,
): Promise<T> {
  const { unit, mark } = await outer.nest();
  try {
    const result = await work(unit);
    await unit.release();
    return result;
  } catch (error) {
    await unit.restore(asError(error), mark);
    throw unit.explain(error);
  }
}

/** Travels behind BEGIN, like `setTransaction()` of drizzle; outside its transaction it does nothing. */
async function setModes({ logger }: FlushContext, unit: TransactionUnit, modes: string): Promise<void> {
  const text = `set transaction ${modes}`;
  logger.logQuery(text, []);
  try {
    await unit.state.connection.send(command(text));
  } catch (error) {
    unit.fail(asError(error));
    throw new DrizzleQueryError(text, [], asError(error));
  }
}

/** On the same connection while it is ours; after a COMMIT that rolled back it is the pool's again. */
async function beginAgain(
  { driver }: FlushContext,
  connection: Connection,
  modes: string | undefined,
): Promise<Connection> {
  const opening = modes === undefined ? [] : [`set transaction ${modes}`];
  const again = connection.isOpen ? connection : await driver.begin();
  const statements = again === connection ? ['rollback', 'begin', ...opening] : opening;
  await Promise.all(statements.map((text) => again.send(command(text))));
  return again;
}

/** Promises that reject as the given one does, and never resolve. */
function rejections(promise: Promise<unknown> | undefined): Promise<never>[] {
  return promise === undefined ? [] : [new Promise((_, reject) => promise.catch(reject))];
}
