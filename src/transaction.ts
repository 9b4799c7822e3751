/** The course of a transaction: BEGIN before its callback, COMMIT with its last flush. */
import { DrizzleQueryError } from 'drizzle-orm';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import type { PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import { BatchedTransaction } from './database.ts';
import type { Connection } from './driver.ts';
import { type DatabaseParts, transactionModes } from './drizzle/database.ts';
import { asError } from './errors.ts';
import type { FlushContext } from './flush.ts';
import { command } from './send.ts';
import { TransactionSession } from './session.ts';
import { TransactionState } from './transaction-state.ts';
import { TransactionUnit } from './transaction-unit.ts';

type Schema = Record<string, unknown>;
type Callback<T, TFullSchema extends Schema, TSchema extends TablesRelationalConfig> = (
  tx: PostgresJsTransaction<TFullSchema, TSchema>,
) => Promise<T>;

/** Runs the callback as soon as BEGIN is on its way: what it queues in its first turn leaves along with it. */
export async function runTransaction<T, TFullSchema extends Schema, TSchema extends TablesRelationalConfig>(
  parts: DatabaseParts,
  context: FlushContext,
  callback: Callback<T, TFullSchema, TSchema>,
  config: PgTransactionConfig | undefined,
): Promise<T> {
  const connection = await context.driver.begin();
  const modes = config && transactionModes(config, parts.dialect);
  const state = new TransactionState(connection, async () => {
    state.connection = await beginAgain(context, state.connection, modes);
  });
  const unit = new TransactionUnit(context, state);
  const tx = makeTransaction<TFullSchema, TSchema>(parts, unit);
  const modesSet = modes === undefined ? undefined : setModes(context, unit, modes);
  try {
    const result = await Promise.race([callback(tx), connection.lost, ...rejections(modesSet)]);
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
export async function runNested<T, TFullSchema extends Schema, TSchema extends TablesRelationalConfig>(
  parts: DatabaseParts,
  outer: TransactionUnit,
  callback: Callback<T, TFullSchema, TSchema>,
): Promise<T> {
  const { unit, mark } = await outer.nest();
  try {
    const result = await callback(makeTransaction<TFullSchema, TSchema>(parts, unit));
    await unit.release();
    return result;
  } catch (error) {
    await unit.restore(asError(error), mark);
    throw unit.explain(error);
  }
}

function makeTransaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig>(
  parts: DatabaseParts,
  unit: TransactionUnit,
): BatchedTransaction<TFullSchema, TSchema> {
  const session = new TransactionSession<TFullSchema, TSchema>(parts, unit);
  return new BatchedTransaction<TFullSchema, TSchema>(parts.dialect, session, parts.schema, unit);
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
