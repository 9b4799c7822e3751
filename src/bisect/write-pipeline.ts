/** A few entries of the database → the statements of a transaction each. */
import type { FlushContext } from '../context.ts';
import { hasRawValues, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import { type FactsByTable, learnFacts } from '../facts/learn-facts.ts';
import type { ReportBuilder } from '../report.ts';
import { checkParamCount, isLong } from '../send/send-flight.ts';
import { askLogged } from '../send/send-logged.ts';
import type { Failures } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import {
  checkedAhead,
  type PipelinedTransaction,
  writeOwnTransaction,
  writePlannedTransaction,
} from './write-transaction.ts';

/**
 * Writes the statements of entries that do not refer to one another. An entry that can't be written is
 * rejected.
 *
 * @param pipeline a token of theirs, if their order counts
 * @returns `undefined` if the server does not answer what must be known of their tables
 */
export async function writePipelinedTransactions(
  context: FlushContext,
  entries: readonly Entry[],
  pipeline: string | undefined,
  report: ReportBuilder,
  failures: Failures,
): Promise<PipelinedTransaction[] | undefined> {
  const canPipeline = context.options.keys === 'server' && !context.driver.describes;
  const shapes = entries.map(({ shape }) => shape);
  const run = context.driver.run.bind(context.driver);
  const transactions: PipelinedTransaction[] = [];
  let facts: FactsByTable | undefined;
  try {
    facts = await learnFacts(context, new FactsScope(), shapes, (query) =>
      askLogged(context, run, true, report, query),
    );
    if (!facts) return undefined;
  } catch (thrown) {
    const error = asError(thrown);
    const { engine, driver } = context;
    if (engine.noteUnanswered(engine.questions.facts, error, driver.errors)) return undefined;
    failures.rejectAll(entries, { error });
    return transactions;
  }
  const writing = { facts, pipeline, report };
  for (const entry of entries) {
    try {
      const written =
        (canPipeline && writeOwnTransaction(context, entry, writing)) ||
        writePlannedTransaction(context, entry, writing, failures);
      if (!written) continue;
      const checked = checkedAhead(written);
      const { statements } = checked;
      checkParamCount(statements);
      // An unguarded statement may have to wait for BEGIN's answer, and a described one waits for its description.
      const isSent = (statement: Statement) =>
        (statement.guarded || context.driver.skipsUnbegun) && !hasRawValues(statement);
      const mayFailAtCommit = facts.get(entry.shape.table)?.serializable ?? false;
      const fitsPipeline = canPipeline && !isLong(statements) && statements.every(isSent) && !mayFailAtCommit;
      transactions.push({ ...checked, entry, fitsPipeline });
    } catch (error) {
      failures.rejectAll([entry], { error: asError(error) });
    }
  }
  return transactions;
}
