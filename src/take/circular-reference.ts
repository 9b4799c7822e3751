/** References that lead back to their own insert: neither row could be written first. */
import { BatchedDrizzleError } from '../errors.ts';
import type { Entry, Reference } from './entry.ts';

/**
 * Only a conflict clause or `returning()` can close such a circle, since both follow `values()`.
 *
 * @throws {BatchedDrizzleError} `BAD_REFERENCE`; the message names the tables of the circle
 */
export function refuseCircle(entry: Entry, references: readonly Reference[]): void {
  const cameFrom = new Map<Entry, Entry>();
  const toVisit: [from: Entry, references: readonly Reference[]][] = [[entry, references]];
  for (let next = toVisit.pop(); next; next = toVisit.pop()) {
    const [from, named] = next;
    for (const { origin } of named) {
      if (cameFrom.has(origin.entry)) continue;
      cameFrom.set(origin.entry, from);
      if (origin.entry === entry) throw circular(entry, cameFrom);
      toVisit.push([origin.entry, origin.entry.references]);
    }
  }
}

function circular(entry: Entry, cameFrom: ReadonlyMap<Entry, Entry>): BatchedDrizzleError {
  const way = [entry.shape.name];
  let step: Entry | undefined = entry;
  do {
    step = cameFrom.get(step);
    if (step) way.unshift(step.shape.name);
  } while (step && step !== entry);
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `a chained call refers to an insert that refers back to its own (${way.join(' → ')}); neither can be written first`,
  );
}
