import type { EagerStatement } from '../driver/statement.ts';
import type { Plan } from '../plan/plan.ts';
import { readKeys } from './read-keys.ts';

/** Settles when the key query of a flight is answered and its lists have their keys, ahead of the rest of the flight. */
export function keysAnswered({ lists }: Plan, query: EagerStatement): Promise<void> {
  const known = query.answered.then((answer) => readKeys(lists, answer));
  // The reader of the flight sees why it failed.
  known.catch(() => {});
  return known;
}
