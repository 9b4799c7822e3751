/** How the statements of a flight are put together. Pure. */
import type { Chunk } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import { isOwnStatement } from './write-chunk.ts';

/**
 * - `bare`: one statement, drizzle's own INSERT, and nothing around it.
 * - `guarded`: the key query, then the INSERTs, each of which writes only inside the transaction of this flight.
 * - `unguarded`: the same without the guard, so that the flight waits for BEGIN's answer.
 * - `keysFirst`: a flight of its own fetches the keys before the INSERTs are written.
 */
export type Arrangement = 'bare' | 'guarded' | 'unguarded' | 'keysFirst';

export interface ArrangementInput {
  /** BEGIN has been answered, or there is none. */
  readonly hasBegun: boolean;
  /** Where allocated keys wait for their rows: see the option `batch.keys`. */
  readonly keys: 'server' | 'client';
  readonly lockTimeout: string | undefined;
}

export function arrange(plan: Plan, { hasBegun, keys, lockTimeout }: ArrangementInput): Arrangement {
  const mustKnowKeys = keys === 'client' || plan.chunks.some(embedsReferences);
  if (needsNoTransaction(plan, lockTimeout) && (hasBegun || mustKnowKeys)) return 'bare';
  if (!mustKnowKeys) return 'guarded';
  return plan.lists.length > 0 ? 'keysFirst' : 'unguarded';
}

/** Whether the plan is one statement that may be sent without a transaction around it. */
export function needsNoTransaction(plan: Plan, lockTimeout: string | undefined): boolean {
  return lockTimeout === undefined && isOwnStatement(plan);
}

/** An expression is text with parameters: the values of its references must be known when it is written. */
function embedsReferences({ entries }: Chunk): boolean {
  return entries.some((entry, row) => {
    // Most entries refer to nothing, and the rows of one entry stand side by side.
    if (entry.references.length === 0 || entry === entries[row - 1]) return false;
    return entry.embedded.some((reference) => reference.value() === undefined);
  });
}
