/** A statement of a transaction: when it is sent, and when its answer is told. */
import { asksCache } from '#version/drizzle/database';
import { wrapSending } from '../drizzle/internals.ts';
import { nothingNamed, type StatementEffect } from '../unit-of-work/transaction-state.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { prefaced } from './prefaced.ts';

export function inPlace<Prepared extends object>(
  prepared: Prepared,
  unit: TransactionUnit,
  effect: StatementEffect,
): Prepared {
  const { hearing } = unit.state;
  if (asksCache(prepared)) {
    wrapSending(prepared, (send) => unit.statement(effect, nothingNamed, () => hearing.hear(send)));
    return prefaced(prepared, (run, named) => unit.beforeStatement(named, run));
  }
  if (!unit.context.cache)
    return prefaced(prepared, (run, named) => unit.statement(effect, named, () => hearing.hear(run)));
  // drizzle waits for the cache, too, which may use the transaction.
  wrapSending(prepared, (send) => hearing.hear(send));
  return prefaced(prepared, (run, named) => unit.statement(effect, named, run));
}
