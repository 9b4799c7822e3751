/** The transactions of a load. */
import type { FlushContext } from '../context.ts';
import { writeInOrder, writing } from '../unit-of-work/late-writing.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { LoadTarget } from './request.ts';

/** The load begins and commits its own transactions. */
export function onDatabase(context: FlushContext): LoadTarget {
  return {
    context,
    isNested: false,
    transaction: (work) =>
      writeInOrder(context, ({ runTransaction }) => runTransaction(context, work, undefined, true)),
  };
}

/** The load runs in a savepoint of the caller's transaction. */
export function inTransaction(unit: TransactionUnit): LoadTarget {
  return {
    context: unit.context,
    isNested: true,
    transaction: (work) => writing.use(({ runNested }) => runNested(unit, work)),
  };
}
