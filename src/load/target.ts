/** The transactions of a load. */
import type { FlushContext } from '../context.ts';
import { transact } from '../unit-of-work/late-writing.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { LoadTarget } from './request.ts';

/** The load begins and commits its own transactions. */
export function onDatabase(context: FlushContext): LoadTarget {
  return {
    context,
    isNested: false,
    transaction: (work) =>
      transact(context, ({ runTransaction }) => runTransaction(context, work, undefined, true)),
  };
}

/** The load runs in a savepoint of the caller's transaction. */
export function inTransaction(unit: TransactionUnit): LoadTarget {
  return {
    context: unit.context,
    isNested: true,
    transaction: (work) => transact(unit.context, ({ runNested }) => runNested(unit, work)),
  };
}
