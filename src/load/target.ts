/** Where a load is written. */
import type { FlushContext } from '../context.ts';
import { runNested, runTransaction } from '../unit-of-work/run-transaction.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { LoadTarget } from './request.ts';

/** In transactions of the library's own. */
export function onDatabase(context: FlushContext): LoadTarget {
  return { context, isNested: false, transaction: (work) => runTransaction(context, work) };
}

/** In a savepoint of the caller's transaction. */
export function inTransaction(unit: TransactionUnit): LoadTarget {
  return { context: unit.context, isNested: true, transaction: (work) => runNested(unit, work) };
}
