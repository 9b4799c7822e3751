/** Few entries of the database → a transaction each, all sent in one flight on one connection. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { EagerStatement, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import { type FactsByTable, learnFacts } from '../facts/learn-facts.ts';
import type { Plan } from '../plan/plan.ts';
import { planEntries } from '../plan/plan-entries.ts';
import type { ReportBuilder } from '../report.ts';
import { checkParams, isLong, sendFlight } from '../send/send-flight.ts';
import { askLogged, logAll } from '../send/send-logged.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { Failures, Refusal } from '../settle/failures.ts';
import { keysAnswered } from '../settle/keys-answered.ts';
import { notifyCache } from '../settle/notify-cache.ts';
import { fulfil } from '../settle/outcomes.ts';
import { readFlight } from '../settle/read-flight.ts';
import type { Entry } from '../take/entry.ts';
import { isStale } from '../write/guard.ts';
import { batchLockTimeout } from '../write/lock-timeout.ts';
import { type Inserts, makeToken, writeInserts, writeKeyQuery } from '../write/write-flight.ts';
import { classifyRefusal } from './classify-refusal.ts';

export interface PipelinedTransaction {
  readonly entry: Entry;
  readonly plan: Plan;
  readonly inserts: Inserts;
  /** The key query and the INSERTs. */
  readonly statements: readonly Statement[];
  /** Can share a pipeline: needs no answer before its statements leave. */
  readonly fitsPipeline: boolean;
}

/** Writes the statements of entries that do not refer to one another; one that has none is rejected. */
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
      const { plan, rejected } = planEntries(context, [entry], facts, 'own');
      failures.rejectEach(rejected);
      if (rejected.size > 0) continue;
      const token = makeToken();
      const query = new EagerStatement(writeKeyQuery(plan, { token, lockTimeout: batchLockTimeout }));
      const inserts = writeInserts(context, plan, token, keysAnswered(plan, query));
      const statements = [query, ...inserts.statements];
      checkParams(statements);
      // What can't tell whether it is inside its transaction would have to wait for BEGIN's answer.
      const fitsPipeline = canPipeline && !isLong(statements) && statements.every(({ guarded }) => guarded);
      transactions.push({ entry, plan, inserts, statements, fitsPipeline });
    } catch (error) {
      failures.rejectAll([entry], { error: asError(error) });
    }
  }
  return transactions;
}

/**
 * Sends each as a transaction of its own, and not as an INSERT without one: only within a transaction can it be kept from
 * waiting for a lock, and with it those behind it.
 *
 * @returns entries that must be sent on connections of their own: they wait for a lock, or their tables have changed
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
  report.roundTrips += 1;
  await Promise.all(
    logged.map(async ({ entry, plan, inserts, statements }, index) => {
      report.statements += statements.length;
      try {
        const [flight, mutations] = await Promise.all([
          sendFlight(connection, statements, 'commit', index > 0),
          notifyCache(context.cache, () => [entry]),
        ]);
        const read = readFlight(context, plan, inserts, flight, { isQueried: true, report });
        const refusal = refusalOf(read);
        if (refusal && isStale(refusal.error)) forgetTable(context, entry);
        if (refusal && (flight.beginError || mustGoAlone(context, refusal))) left.push(entry);
        else if (refusal) failures.rejectAll([entry], refusal);
        else {
          const objection = mutations.get(entry);
          if (objection) entry.conclude({ error: objection });
          fulfil(read.outcomes);
        }
      } catch (error) {
        failures.rejectAll([entry], { error: asError(error) });
      }
    }),
  );
  await rollback(connection);
  return left;
}

/** A logger that throws keeps an insert from being sent, as in drizzle, and no other of the pipeline. */
function isLogged(
  context: FlushContext,
  { entry, statements }: PipelinedTransaction,
  failures: Failures,
): boolean {
  try {
    logAll(context, statements);
    return true;
  } catch (error) {
    failures.rejectAll([entry], { error: asError(error) });
    return false;
  }
}

function refusalOf({ error, commitError, isUnknown }: ReturnType<typeof readFlight>): Refusal | undefined {
  const reason = error ?? commitError;
  return reason && { error: reason, isUnknown };
}

/** What was learned of a table that may have been made anew, and the keys that were taken from it. */
function forgetTable({ facts }: FlushContext, entry: Entry): void {
  facts.delete(entry.shape.table);
  entry.forgetKeys();
}

/** Another try may be what it takes; it has been refused, and stands nowhere. */
function mustGoAlone({ driver }: FlushContext, refusal: Refusal): boolean {
  const kind = classifyRefusal(refusal, driver.errors);
  return kind === 'retryAlone' || (kind !== 'unknown' && isStale(refusal.error));
}
