import type { Entry, Outcome } from '../take/entry.ts';
import type { Hearer, Tell } from '../take/promised.ts';

/** The outcomes of entries. Entries with the same outcome share a pair. */
export type Outcomes = readonly (readonly [entries: readonly Entry[], outcome: Outcome])[];

/**
 * Settles entries that were written. If an entry has two outcomes, the first one applies.
 *
 * @param tell gets each entry that somebody waits for, in the order of the calls. Without it they are told at once, in that order
 */
export function fulfil(outcomes: Outcomes, tell: Tell = hear): void {
  const waiting: Entry[] = [];
  // One outcome has its entries in that order already, and may have very many.
  const isInOrder = tell === hear && outcomes.length === 1;
  const gather = isInOrder ? undefined : (entry: Hearer): void => void waiting.push(entry as Entry);
  for (const [entries, outcome] of outcomes)
    for (let index = 0; index < entries.length; index++) entries[index]?.conclude(outcome, gather);
  if (outcomes.length > 1) waiting.sort((one, other) => one.call - other.call);
  for (const entry of waiting) tell(entry);
}

function hear(hearer: Hearer): void {
  hearer.hear();
}
