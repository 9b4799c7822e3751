/** A few entries of the database → a transaction each, all sent in one pipeline on one connection. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { hasRawValues, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import { type FactsByTable, learnFacts } from '../facts/learn-facts.ts';
import type { ReportBuilder } from '../report.ts';
import { checkParamCount, type FlightAnswers, isLong, sendFlight } from '../send/send-flight.ts';
import { askLogged, logInserts } from '../send/send-logged.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { Failures, Refusal } from '../settle/failures.ts';
import { afterCache, notifyCache } from '../settle/notify-cache.ts';
import { fulfil } from '../settle/outcomes.ts';
import type { Flight } from '../settle/read-flight.ts';
import { isRefusedToUs } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { isStale } from '../write/guard.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { checkedAhead, writeOwnTransaction, writePlannedTransaction } from './write-transaction.ts';

export interface PipelinedTransaction {
  readonly entry: Entry;
  /** A query that takes keys or marks the transaction, the INSERTs, and the check ahead of COMMIT. */
  readonly statements: readonly Statement[];
  /** It can share a pipeline: no statement has to wait for an answer before it is sent, and COMMIT does not fail. */
  readonly fitsPipeline: boolean;
  /** Reads the answers of its flight. */
  readonly read: (flight: FlightAnswers) => Flight;
}

/**
 * Writes the statements of entries that do not refer to one another. An entry that can't be written is
 * rejected.
 */
export async function writePipelinedTransactions(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
  failures: Failures,
): Promise<PipelinedTransaction[]> {
  const canPipeline = context.options.keys === 'server' && !context.driver.describes;
  const shapes = entries.map(({ shape }) => shape);
  const run = context.driver.run.bind(context.driver);
  const transactions: PipelinedTransaction[] = [];
  let facts: FactsByTable;
  try {
    facts = await learnFacts(context.facts, new FactsScope(), shapes, (query) =>
      askLogged(context, run, true, report, query),
    );
  } catch (error) {
    failures.rejectAll(entries, { error: asError(error) });
    return transactions;
  }
  for (const entry of entries) {
    try {
      const written =
        (canPipeline && writeOwnTransaction(context, entry, facts, report)) ||
        writePlannedTransaction(context, entry, facts, report, failures);
      if (!written) continue;
      const { statements, read } = checkedAhead(written);
      checkParamCount(statements);
      // An unguarded statement would have to wait for BEGIN's answer, and a described one for its description.
      const isSent = (statement: Statement) => statement.guarded && !hasRawValues(statement);
      const mayFailAtCommit = facts.get(entry.shape.table)?.serializable ?? false;
      const fitsPipeline = canPipeline && !isLong(statements) && statements.every(isSent) && !mayFailAtCommit;
      transactions.push({ entry, statements, read, fitsPipeline });
    } catch (error) {
      failures.rejectAll([entry], { error: asError(error) });
    }
  }
  return transactions;
}

/**
 * Sends each entry as a transaction of its own. An INSERT without BEGIN has no lock timeout: it could wait
 * for a lock, and block those after it.
 *
 * @returns entries that must be sent on connections of their own, because they wait for a lock or their
 *   tables have changed
 */
export async function sendPipelinedTransactions(
  context: FlushContext,
  transactions: readonly PipelinedTransaction[],
  report: ReportBuilder,
  failures: Failures,
): Promise<Entry[]> {
  const left: Entry[] = [];
  const logged = transactions.filter((transaction) => isLogged(context, transaction, failures));
  if (logged.length === 0) return left;
  let connection: Connection;
  try {
    connection = await context.driver.begin();
  } catch (error) {
    const entries = logged.map(({ entry }) => entry);
    failures.rejectAll(entries, { error: asError(error) });
    return left;
  }
  const { engine, driver } = context;
  // Behind a pooler the first COMMIT of a client must not leave before BEGIN is answered.
  const mustWait = !(engine.takesTransactions ?? driver.isDirect);
  try {
    if (mustWait) await connection.begun;
  } catch (error) {
    engine.noteUnbegun(asError(error), driver.errors);
    return logged.map(({ entry }) => entry);
  }
  report.roundTrips += mustWait ? 2 : 1;
  engine.takesTransactions = true;
  let before: Promise<FlightAnswers> | undefined;
  await Promise.all(
    logged.map(async ({ entry, statements, read: readAnswers }, index) => {
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
        if (refusal && isStale(refusal.error)) forgetTable(context, entry);
        if (refusal && (flight.beginError || mustGoAlone(context, refusal))) left.push(entry);
        else if (refusal) failures.rejectAll([entry], refusal);
        else fulfil(afterCache(context.cache, read.outcomes));
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
  failures: Failures,
): boolean {
  try {
    logInserts(context, statements);
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

/** Whether another try may succeed. The entry has been refused, so none of its rows are written. */
function mustGoAlone({ driver }: FlushContext, refusal: Refusal): boolean {
  const kind = classifyRefusal(refusal, driver.errors);
  const isOurs = isStale(refusal.error) || isRefusedToUs(refusal.error);
  return kind === 'retryAlone' || (kind !== 'unknown' && isOurs);
}
