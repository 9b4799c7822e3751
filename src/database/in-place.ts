/** A statement of a transaction: when it is sent, and when its answer is told. */
import { asksCache } from '#version/drizzle/database';
import { wrapSending } from '../drizzle/internals.ts';
import type { Entry } from '../take/entry.ts';
import { nothingNamed, type StatementEffect } from '../unit-of-work/own-statement.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { prefaced } from './prefaced.ts';

/** @param claimed the insert that is prepared, if it is one of the queue's */
export function inPlace<Prepared extends object>(
  prepared: Prepared,
  unit: TransactionUnit,
  effect: StatementEffect,
  claimed: Entry | undefined,
): Prepared {
  const { hearing } = unit.state;
  if (asksCache(prepared)) {
    const own = { effect, named: nothingNamed };
    wrapSending(prepared, (send) => unit.statement(own, () => hearing.hear(send)));
    return prefaced(prepared, (run, named) => unit.beforeStatement(named, run));
  }
  if (!unit.context.cache)
    return prefaced(prepared, (run, named) =>
      unit.statement({ effect, named, claimed }, () => hearing.hear(run)),
    );
  // drizzle waits for the cache, too, which may use the transaction.
  wrapSending(prepared, (send) => hearing.hear(send));
  return prefaced(prepared, (run, named) => unit.statement({ effect, named, claimed }, run));
}
