/** Finds neighbouring entries that are planned alike, so that only the first of them is examined. Pure. */

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

/** Whether only the entry's form and selection decide how it is planned. */
function isPlannedByForm(entry: Entry, encoded: EncodedEntries['encoded']): boolean {
  const { conflict, forms, references, referencedColumns } = entry;
  if (conflict || entry.comment || references.length > 0 || referencedColumns.size > 0) return false;
  return forms instanceof Form && !forms.hasExpression && !(encoded.size > 0 && encoded.has(entry));
}

/** Drops entries that are planned like the one before them. */
export function distinctPlans(
  entries: readonly Entry[],
  encoded: EncodedEntries['encoded'],
): readonly Entry[] {
  return entries.filter((entry, index) => {
    const before = entries[index - 1];
    return before === undefined || !hasSamePlan(entry, before, encoded);
  });
}
