/** Entries of which planning asks the same questions: the first of them answers for all. Pure. */

import type { Entry } from '../take/entry.ts';
import { Form } from '../take/form.ts';
import type { EncodedEntries } from './encode-rows.ts';

/** Whether an entry is planned as its neighbour is. */
export function hasSamePlan(entry: Entry, other: Entry, encoded: EncodedEntries['encoded']): boolean {
  return (
    entry.forms === other.forms &&
    entry.returning === other.returning &&
    entry.shape === other.shape &&
    entry.awaited === other.awaited &&
    entry.overriding === other.overriding &&
    isPlannedByForm(entry, encoded) &&
    isPlannedByForm(other, encoded)
  );
}

/** Nothing but its rows and its selection says how it is planned. */
function isPlannedByForm(entry: Entry, encoded: EncodedEntries['encoded']): boolean {
  const { conflict, forms, references, referencedColumns } = entry;
  if (conflict || references.length > 0 || referencedColumns.size > 0) return false;
  return forms instanceof Form && !forms.hasExpression && !encoded.has(entry);
}

/** Entries without those that are planned as the one before them. */
export function distinctPlans(
  entries: readonly Entry[],
  encoded: EncodedEntries['encoded'],
): readonly Entry[] {
  return entries.filter((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || !hasSamePlan(entry, before, encoded);
  });
}
