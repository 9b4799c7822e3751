/** How a flight is built around its statements. Pure. */
import type { Chunk } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import { isOwnStatement } from './write-chunk.ts';

/**
 * - `bare`: one statement, drizzle's own INSERT, and nothing around it.
 * - `guarded`: the key query, then the INSERTs. Each INSERT writes only inside the transaction of this
 *   flight.
 * - `unguarded`: the same without the guard, so the flight waits for BEGIN's answer.
 * - `keysFirst`: a flight of its own fetches the keys before the INSERTs are written.
 */
export type Arrangement = 'bare' | 'guarded' | 'unguarded' | 'keysFirst';

export interface ArrangementInput {
  /** A statement without a guard may leave, or there is no transaction. */
  readonly mayFollow: boolean;
  /** Where allocated keys are kept until the INSERTs use them: see the option `batch.keys`. */
  readonly keys: 'server' | 'client';
  readonly lockTimeout: string | undefined;
}

export function arrange(plan: Plan, { mayFollow, keys, lockTimeout }: ArrangementInput): Arrangement {
  const mustKnowKeys = keys === 'client' || plan.chunks.some(embedsReferences);
  if (needsNoTransaction(plan, lockTimeout) && (mayFollow || mustKnowKeys)) return 'bare';
  if (!mustKnowKeys) return 'guarded';
  return plan.lists.length > 0 ? 'keysFirst' : 'unguarded';
}

/** Whether the plan is one statement that needs no transaction around it. */
export function needsNoTransaction(plan: Plan, lockTimeout: string | undefined): boolean {
  return lockTimeout === undefined && isOwnStatement(plan);
}

/**
 * Whether an expression embeds an unknown reference. An expression is text with parameters, so writing it
 * needs the values.
 */
function embedsReferences({ entries }: Chunk): boolean {
  return entries.some((entry, row) => {
    // Skips the second and later rows of an entry, which are neighbours.
    if (entry.references.length === 0 || entry === entries[row - 1]) return false;
    return entry.embedded.some((reference) => reference.value() === undefined);
  });
}
