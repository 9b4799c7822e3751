import type { Entry, Outcome } from '../take/entry.ts';

/** The outcomes of entries. Entries with the same outcome share a pair. */
export type Outcomes = readonly (readonly [entries: readonly Entry[], outcome: Outcome])[];

/** Settles entries that were written. If an entry has two outcomes, the first one applies. */
export function fulfil(outcomes: Outcomes): void {
  for (const [entries, outcome] of outcomes)
    for (let index = 0; index < entries.length; index++) entries[index]?.conclude(outcome);
}
