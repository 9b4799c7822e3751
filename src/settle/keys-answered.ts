import type { EagerStatement } from '../driver/statement.ts';
import type { Plan } from '../plan/plan.ts';
import { readKeys } from './read-keys.ts';

/**
 * Settles when the key query has been answered and its lists have their keys. The rest of the flight may
 * still run.
 */
export function keysAnswered({ lists }: Plan, query: EagerStatement): Promise<void> {
  const known = query.answered.then((answer) => readKeys(lists, answer));
  // `readFlight` reports the error.
  known.catch(() => {});
  return known;
}
