import { OwnTransaction } from '../bisect/own-transaction.ts';
import type { FlushContext } from '../context.ts';
import { flush } from '../flush/flush.ts';
import type { FlushScope } from '../flush/target.ts';
import type { ReportBuilder } from '../report.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { FlushFailure } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import type { TransactionState } from './transaction-state.ts';
import { TransactionTarget } from './transaction-target.ts';

/** Writes a batch of a transaction. One entry that is all of its transaction is one INSERT, which commits by itself. */
export async function writeBatch(
  context: FlushContext,
  state: TransactionState,
  entries: readonly Entry[],
  scope: FlushScope,
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const { connection } = state;
  if (scope !== 'last' || entries.length !== 1 || !connection.isUnopened)
    return flush(context, entries, new TransactionTarget(state, scope), report);
  // Nothing was begun, and nothing shall be.
  await rollback(connection);
  const target = new OwnTransaction(context, undefined);
  const failure = await flush(context, entries, target, report);
  await target.close();
  return failure;
}
