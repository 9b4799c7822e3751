import { OwnTransaction } from '../bisect/own-transaction.ts';
import type { FlushContext } from '../context.ts';
import { flush } from '../flush/flush.ts';
import type { ReportBuilder } from '../report.ts';
import { isLogging } from '../send/send-logged.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { FlushFailure } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import type { TransactionTarget } from './transaction-target.ts';

/** Writes a batch of a transaction. One entry that is all of its transaction is one INSERT, which commits by itself. */
export async function writeBatch(
  context: FlushContext,
  target: TransactionTarget,
  entries: readonly Entry[],
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const { connection } = target;
  const isOne = target.scope === 'last' && entries.length === 1;
  // Where BEGIN and COMMIT are drizzle's own statements they travel along, so that their errors stay theirs.
  const isAll = isOne && connection.isUnopened && target.isPlain && !context.driver.framing.executesEnds;
  // The cache and the logger may use the transaction.
  if (!isAll || context.cache || isLogging(context) || !(await target.closes?.()))
    return flush(context, entries, target, report);
  // Nothing was begun, and nothing shall be.
  await rollback(connection);
  const own = new OwnTransaction(context, undefined);
  const failure = await flush(context, entries, own, report);
  await own.close();
  return failure;
}
