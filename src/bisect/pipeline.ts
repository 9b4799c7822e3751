/** A few entries of the database, written as a transaction each → all sent in one pipeline on one connection. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Statement } from '../driver/statement.ts';
import { asError, codeOf } from '../errors.ts';
import { isInterruption } from '../facts/question.ts';
import type { ReportBuilder } from '../report.ts';
import { sendFlight } from '../send/send-flight.ts';
import { logInserts } from '../send/send-logged.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { Failures, Refusal } from '../settle/failures.ts';
import { afterCache, notifyCache } from '../settle/notify-cache.ts';
import { fulfil } from '../settle/outcomes.ts';
import type { Flight } from '../settle/read-flight.ts';
import { isRefusedToUs } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { isFactsChanged, isStale } from '../write/raise.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { haltAhead } from './halt-ahead.ts';
import type { PipelinedTransaction } from './write-transaction.ts';

/** Entries that a pipeline has not written, and that may be written otherwise. */
export interface Left {
  /** They must be sent on connections of their own, because they wait for a lock. */
  readonly alone: Entry[];
  /** Their tables have changed, or another one in their pipeline has. */
  readonly outdated: Entry[];
  /** A transaction of the program is open on the client's only connection, so that nothing was sent. */
  readonly isJoined?: boolean;
}

/**
 * Sends each entry as a transaction of its own. An INSERT without BEGIN has no lock timeout: it could wait
 * for a lock, and block those after it.
 *
 * @param pipeline the token that they were written with
 */
export async function sendPipelinedTransactions(
  context: FlushContext,
  transactions: readonly PipelinedTransaction[],
  pipeline: string | undefined,
  report: ReportBuilder,
  failures: Failures,
): Promise<Left> {
  const left: Left = { alone: [], outdated: [] };
  const ahead = haltAhead(transactions, pipeline);
  let connection: Connection;
  try {
    connection = await context.driver.begin();
  } catch (error) {
    const entries = transactions.map(({ entry }) => entry);
    failures.rejectAll(entries, { error: asError(error) });
    return left;
  }
  const { isJoined = false } = connection;
  const logged = transactions.filter(
    (transaction, index) => !isJoined && isLogged(context, transaction, index === 0 ? ahead : [], failures),
  );
  if (logged.length === 0) {
    await rollback(connection);
    return { ...left, isJoined };
  }
  const { engine, driver } = context;
  // Behind a pooler the first COMMIT of a client must not leave before BEGIN is answered.
  const mustWait = !(engine.takesTransactions ?? driver.isDirect);
  try {
    if (mustWait) await connection.begun;
  } catch (error) {
    engine.noteUnbegun(asError(error), driver.errors);
    return { ...left, alone: logged.map(({ entry }) => entry) };
  }
  report.roundTrips += mustWait ? 2 : 1;
  engine.takesTransactions = true;
  report.statements += ahead.length * 2;
  let before = ahead.length > 0 ? sendFlight(connection, ahead, 'chain') : undefined;
  await Promise.all(
    logged.map(async ({ entry, statements, compared, read: readAnswers }, index) => {
      const end = index < logged.length - 1 ? 'chain' : 'commit';
      // COMMIT AND CHAIN is no mere COMMIT.
      report.statements += statements.length + (end === 'chain' ? 1 : 0);
      try {
        const sent = sendFlight(connection, statements, end, before);
        before = sent;
        notifyCache(context.cache, () => [entry]);
        const flight = await sent;
        const read = readAnswers(flight);
        const refusal = refusalOf(read);
        const isOutdated = refusal && showsChange(refusal.error, compared.length > 0);
        if (refusal && (isOutdated || isStale(refusal.error))) forgetTable(context, entry);
        if (isOutdated) left.outdated.push(entry);
        else if (refusal && (flight.beginError || mustGoAlone(context, refusal, read)))
          left.alone.push(entry);
        else if (refusal) failures.rejectAll([entry], refusal);
        else fulfil(afterCache(context.cache, read.outcomes), failures.tell);
      } catch (error) {
        failures.rejectAll([entry], { error: asError(error) });
      }
    }),
  );
  await rollback(connection);
  return left;
}

/** As in drizzle, an insert whose logger throws is not sent. The others of the pipeline are. */
function isLogged(
  context: FlushContext,
  { entry, statements }: PipelinedTransaction,
  ahead: readonly Statement[],
  failures: Failures,
): boolean {
  try {
    logInserts(context, [...ahead, ...statements]);
    return true;
  } catch (error) {
    failures.rejectAll([entry], { error: asError(error) });
    return false;
  }
}

function refusalOf({ error, commitError, isUnknown }: Flight): Refusal | undefined {
  const reason = error ?? commitError;
  return reason && { error: reason, isUnknown };
}

/**
 * The table may have been dropped and created again: its facts, and the keys drawn from it, are not valid.
 */
function forgetTable({ facts }: FlushContext, entry: Entry): void {
  facts.delete(entry.shape.table);
  entry.forgetKeys();
}

/**
 * Whether a table is not what its facts say. A rule that it has got since refuses the guard in RETURNING, which only a
 * transaction has that compares nothing.
 */
function showsChange(error: Error, isCompared: boolean): boolean {
  return isFactsChanged(error) || (!isCompared && codeOf(error) === '0A000');
}

/** Whether another try may succeed. The entry has been refused, so none of its rows are written. */
function mustGoAlone({ driver }: FlushContext, refusal: Refusal, { error, culprit }: Flight): boolean {
  const kind = classifyRefusal(refusal, driver.errors);
  // It is not the INSERT that the server has cancelled, but what travels ahead of it.
  if (error && !culprit && isInterruption(error, driver.errors)) return true;
  const isOurs = isStale(refusal.error) || isRefusedToUs(refusal.error);
  return kind === 'retryAlone' || (kind !== 'unknown' && isOurs);
}
