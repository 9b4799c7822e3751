import type { Entry, Outcome } from '../take/entry.ts';

/** What became of entries, those together that came to the same. */
export type Outcomes = readonly (readonly [entries: readonly Entry[], outcome: Outcome])[];

/** Settles entries that were written; of an entry that stands there twice the first outcome holds. */
export function fulfil(outcomes: Outcomes): void {
  for (const [entries, outcome] of outcomes)
    for (let index = 0; index < entries.length; index++) entries[index]?.conclude(outcome);
}
