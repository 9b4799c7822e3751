import { BatchedDrizzleError } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';

/** A chained call that throws withdraws the entry, since its caller has no insert to await. */
export function change<Argument>(
  insert: object,
  unit: UnitOfWork,
  entry: Entry,
  call: (entry: Entry, argument: Argument) => void,
  argument: Argument,
): never {
  if (entry.state === 'taken' || entry.late?.isTold) {
    throw new BatchedDrizzleError(
      'INSERT_FAILED',
      `the insert into ${entry.shape.name} has been written already; chain returning() and onConflict…() to values() directly`,
    );
  }
  try {
    call(entry, argument);
  } catch (error) {
    // One that is executed already is written as it was.
    if (!entry.awaited) unit.withdraw(entry);
    throw error;
  }
  return insert as never;
}
