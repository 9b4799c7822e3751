/** The life of a batch: take → plan → write → send → settle. */
import type { FlushContext } from '../context.ts';
import { asError } from '../errors.ts';
import { planEntries } from '../plan/plan-entries.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type FlushFailure, type Refusal } from '../settle/failures.ts';
import { fulfil, type Outcomes } from '../settle/outcomes.ts';
import { explainSkippedParent, isRefusedToUs, type ReadOwnFlight } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { isStale } from '../write/guard.ts';
import { singleRowInsert } from '../write/single-row.ts';
import { choose, mustWaitForCommit } from './choose.ts';
import { commitApart, runFlight } from './run-flight.ts';
import { type OwnTry, runOwnFlight } from './run-own-flight.ts';
import type { FlushTarget } from './target.ts';
import { WayBack } from './way-back.ts';

/** Writes entries in a transaction, which fails as a whole. Never rejects. */
export async function flush(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(false, context.driver);
  const refusal = await attempt(context, entries, target, report, failures);
  if (refusal) failures.rejectAll(entries, refusal);
  return failures.toFailure();
}

/**
 * Writes entries in as few flights as their references allow. Never rejects.
 *
 * One flight is enough unless a reference is known only from the RETURNING row of another insert.
 *
 * @returns why entries were not written. They are not settled then, except entries whose own values can't be
 *   sent.
 */
export async function attempt(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
  failures: Failures,
): Promise<Refusal | undefined> {
  const back = new WayBack(target);
  let written: Outcomes = [];
  let ownTry: OwnTry = 'guarded';
  let rest = entries;
  try {
    while (rest.length > 0) {
      const { own, facts, mayShare } = await choose(context, rest, target, { ownTry, back, report });
      if (own) {
        const end = own.later.length === 0 && mayCommit(target, failures) ? 'commit' : 'open';
        const flight = await runOwnFlight(context, own, target, { end, ownTry, back }, report);
        if (ownTry === 'guarded' && isRefusedToUs(flight.error) && (await back.go())) {
          if (flight.error) context.engine.noteSettings(flight.error);
          ownTry = 'unguarded';
          continue;
        }
        const refusal = settleOwn(flight, target, failures);
        if (refusal) return refusal;
        back.worked();
        rest = own.later;
        continue;
      }
      if (target.scope === 'own' && rest.length > 1 && !mayShare) return mustGoApart;
      const single = singleRowInsert(context, rest, facts, target);
      const { plan, rejected } = single ?? planEntries(context, rest, facts, target.scope);
      if (rejected) failures.rejectEach(rejected);
      // No earlier flight has written rows, so there is nothing to commit.
      if (target.scope === 'own' && plan.chunks.length === 0 && written.length === 0) break;
      const isLast = plan.later.length === 0 && mayCommit(target, failures);
      // A COMMIT behind a flight that is refused would roll everything back.
      const end = isLast && !mustWaitForCommit(rest, target, back) ? 'commit' : 'open';
      const input = { plan, single: single?.inserts, savepoint: back.mark(rest), end } as const;
      const flight = await runFlight(context, input, target, report);
      if (isStale(flight.error) && (await back.go())) {
        forget(rest, context, target);
        continue;
      }
      const { error, culprit, commitError, isUnknown } = flight;
      if (error) return { error, culprit };
      written = [...written, ...flight.outcomes];
      if (target.scope !== 'own') fulfil(written);
      if (commitError) return { error: commitError, isUnknown };
      back.passed(rest);
      rest = plan.later;
      if (isLast && end === 'open') return commitApart(context, target, report);
    }
    fulfil(written);
    return undefined;
  } catch (error) {
    return { error: asError(error) };
  }
}

/** Whether COMMIT travels with the last flight. A user's transaction must not commit if one caller's entry failed. */
function mayCommit({ scope }: FlushTarget, failures: Failures): boolean {
  return scope === 'own' || (scope === 'last' && failures.isEmpty);
}

const mustGoApart: Refusal = {
  error: new Error('it is not proved that these entries may share a transaction'),
  mustGoApart: true,
};

/** Entries are settled in the order of the calls: callers that await several get the first error. */
function settleOwn(flight: ReadOwnFlight, { scope }: FlushTarget, failures: Failures): Refusal | undefined {
  const { error, culprit, commitError, isUnknown } = flight;
  fulfil(flight.outcomes);
  if (error) {
    const refusal = { error: explainSkippedParent(error, culprit), culprit };
    if (scope === 'own') return refusal;
    if (culprit) failures.rejectAll([culprit], refusal);
    fulfil(flight.behind);
    return refusal;
  }
  return commitError && { error: commitError, isUnknown };
}

/** Drops the facts and the keys, which may be outdated. */
function forget(entries: readonly Entry[], context: FlushContext, { facts }: FlushTarget): void {
  facts.doubt();
  for (const entry of entries) {
    context.facts.delete(entry.shape.table);
    entry.forgetKeys();
  }
}
