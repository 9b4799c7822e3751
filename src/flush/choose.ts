/** Own statements or shared ones: which way a flush goes. */
import type { FlushContext } from '../context.ts';
import type { Entry } from '../take/entry.ts';
import { type Choice, type ChoiceInput, nothingKnown } from './choice.ts';
import { sharing } from './late-part.ts';
import { whyUnasked } from './note-plan.ts';
import { planOwnEntries } from './run-own-flight.ts';
import type { FlushTarget } from './target.ts';
import type { WayBack } from './way-back.ts';

/** Up to so many rows go by own statements rather than pay a round trip for a COMMIT that leaves by itself. */
const mostRatherThanWait = 100;

function isModest(entries: readonly Entry[], copyRows: number): boolean {
  const rows = entries.reduce((sum, { count }) => sum + count, 0);
  return rows <= mostRatherThanWait && rows < copyRows;
}

export async function choose(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  input: ChoiceInput,
): Promise<Choice> {
  const { ownTry, isSeeking, refused, back } = input;
  const isRisky = mustWaitForCommit(entries, target, back) && isModest(entries, context.options.copyRows);
  const isSizeFree = isRisky || isSeeking;
  const small = planOwnEntries(context, entries, target, { ownTry, back, isSizeFree, isSeeking, refused });
  // References that would have to wait for answers may be resolved by keys that are taken ahead.
  if (small?.later.length === 0)
    return { own: small, facts: nothingKnown, mayShare: false, why: whyUnasked(context, entries, isSeeking) };
  const { chooseByFacts } = sharing.read ?? (await sharing.reading());
  return chooseByFacts(context, entries, target, input, small !== undefined);
}

/**
 * Whether COMMIT must not travel with a flight of shared statements. If the facts are outdated, or the entry that failed must be
 * found, the flight is sent again, and a COMMIT behind it would roll back what the transaction did before.
 */
export function mustWaitForCommit(entries: readonly Entry[], target: FlushTarget, back: WayBack): boolean {
  if (target.scope !== 'last' || back.canRestart) return false;
  return target.failLate !== undefined || back.mayBeOutdated(entries);
}
