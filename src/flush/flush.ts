/** The life of a batch: take → plan → write → send → settle. */
import type { FlushContext } from '../context.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError, BatchedDrizzleError, codeOf } from '../errors.ts';
import { type FactsByTable, learnFacts } from '../facts/learn-facts.ts';
import { planEntries } from '../plan/plan-entries.ts';
import { isProved } from '../plan/proof.ts';
import type { ReportBuilder } from '../report.ts';
import { askLogged } from '../send/send-logged.ts';
import { Failures, type FlushFailure, type Refusal } from '../settle/failures.ts';
import { fulfil, type Outcomes } from '../settle/outcomes.ts';
import { explainSkippedParent, type ReadOwnFlight } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { isFactsChanged, isStale } from '../write/guard.ts';
import { singleRowInsert } from '../write/single-row.ts';
import { runFlight } from './run-flight.ts';
import { type OwnTry, planOwnEntries, runOwnFlight } from './run-own-flight.ts';
import type { FlushTarget } from './target.ts';

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
  let written: Outcomes = [];
  let { restart } = target;
  let ownTry: OwnTry = 'guarded';
  let rest = entries;
  try {
    while (rest.length > 0) {
      let own = planOwnEntries(context, rest, target, { ownTry, isSizeFree: false });
      const facts = own ? new Map() : await learn(context, rest, target, report);
      if (!own && !isProved(rest, facts)) {
        own = planOwnEntries(context, rest, target, { ownTry, isSizeFree: true });
      }
      if (own) {
        const end = mayCommit(target, failures) ? 'commit' : 'open';
        const flight = await runOwnFlight(context, own, target, end, ownTry, report);
        if (ownTry === 'guarded' && isRefusedToUs(flight.error) && restart) {
          await restart();
          restart = undefined;
          ownTry = 'unguarded';
          continue;
        }
        return settleOwn(flight, target, failures);
      }
      const single = singleRowInsert(context, rest, facts, target);
      const { plan, rejected } = single ?? planEntries(context, rest, facts, target.scope);
      if (rejected) failures.rejectEach(rejected);
      // No earlier flight has written rows, so there is nothing to commit.
      if (target.scope === 'own' && plan.chunks.length === 0 && written.length === 0) break;
      const end = plan.later.length === 0 && mayCommit(target, failures) ? 'commit' : 'open';
      const flight = await runFlight(context, { plan, single: single?.inserts, end }, target, report);
      const { error, culprit, commitError, isUnknown } = flight;
      if (isStale(error) && restart) {
        await restart();
        restart = undefined;
        forget(rest, target);
        continue;
      }
      if (error) return { error: explain(error, rest, context), culprit };
      written = [...written, ...flight.outcomes];
      if (target.scope !== 'own') fulfil(written);
      if (commitError) return { error: commitError, isUnknown };
      restart = undefined;
      target.facts.mustAskAgain = false;
      rest = plan.later;
    }
    fulfil(written);
    return undefined;
  } catch (error) {
    return { error: asError(error) };
  }
}

function learn(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
): Promise<FactsByTable> {
  const hasBegun = target.connection?.hasBegun ?? true;
  return learnFacts(context.facts, target.facts, shapesOf(entries), (query) =>
    askLogged(context, (statement) => target.run(statement), hasBegun, report, query),
  );
}

/** Whether COMMIT travels with the last flight. A user's transaction must not commit if one caller's entry failed. */
function mayCommit({ scope }: FlushTarget, failures: Failures): boolean {
  return scope === 'own' || (scope === 'last' && failures.isEmpty);
}

/** A rule that takes no RETURNING, or a column that the role may not select: drizzle's own statement may fare better. */
function isRefusedToUs(error: Error | undefined): boolean {
  return error !== undefined && ['0A000', '42501'].includes(codeOf(error) ?? '');
}

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
function forget(entries: readonly Entry[], { facts }: FlushTarget): void {
  facts.mustAskAgain = true;
  for (const entry of entries) entry.forgetKeys();
}

function shapesOf(entries: readonly Entry[]): Set<TableShape> {
  const shapes = new Set<TableShape>();
  for (let index = 0; index < entries.length; index++) shapes.add((entries[index] as Entry).shape);
  return shapes;
}

function explain(error: Error, entries: readonly Entry[], { facts }: FlushContext): Error {
  if (!isFactsChanged(error)) return error;
  const shapes = new Map(entries.map(({ shape }) => [shape.name, shape]));
  for (const { table } of shapes.values()) facts.delete(table);
  return new BatchedDrizzleError(
    'FACTS_CHANGED',
    `a table was made anew, or search_path or the role changed, while the transaction ran (${[...shapes.keys()].join(', ')}); nothing was written, retry the transaction`,
    { cause: error },
  );
}
