/** The life of a batch: take → plan → write → send → settle. */

import type { FlushContext } from '../context.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError, BatchedDrizzleError } from '../errors.ts';
import { learnFacts } from '../facts/learn-facts.ts';
import { planEntries } from '../plan/plan-entries.ts';
import type { ReportBuilder } from '../report.ts';
import { askLogged } from '../send/send-logged.ts';
import { Failures, type FlushFailure, type Refusal } from '../settle/failures.ts';
import { fulfil, type Outcomes } from '../settle/outcomes.ts';
import type { Entry } from '../take/entry.ts';
import { isFactsChanged, isStale } from '../write/guard.ts';
import { loneInsert } from '../write/single-row.ts';
import { fly } from './flight.ts';
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
 * Writes entries in as few flights as their references allow: one, but for what only the answer of another
 * row can tell. Never rejects.
 *
 * @returns why entries were not written, which are not settled then; those whose own values can't be sent are.
 */
export async function attempt(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
  failures: Failures,
): Promise<Refusal | undefined> {
  let written: Outcomes = [];
  let { restart, confirm } = target;
  let rest = entries;
  try {
    while (rest.length > 0) {
      const facts = await learnFacts(context.facts, target.facts, shapesOf(rest), confirm, (query) =>
        askLogged(
          context,
          (statement) => target.run(statement),
          target.connection?.hasBegun ?? true,
          report,
          query,
        ),
      );
      const lone = loneInsert(context, rest, facts, target);
      const { plan, rejected } = lone ?? planEntries(context, rest, facts, target.mayBeNamed);
      if (rejected) failures.rejectEach(rejected);
      // Nothing has been written that a COMMIT would have to keep.
      if (target.owned && plan.chunks.length === 0 && written.length === 0) break;

      // Where one caller of a user's transaction failed, the transaction has: it must not commit.
      const commits = target.commits && plan.later.length === 0 && (target.owned || failures.isEmpty);
      const flight = await fly(context, plan, target, commits, report, lone?.inserts);
      const { error, culprit, commitError, isUnknown } = flight;
      if (isStale(error) && restart) {
        await restart();
        restart = undefined;
        confirm = true;
        for (const entry of rest) entry.forgetKeys();
        continue;
      }
      if (error)
        return { error: isFactsChanged(error) ? factsChanged(rest, context, error) : error, culprit };
      written = [...written, ...flight.outcomes];
      if (!target.owned) fulfil(written);
      if (commitError) return { error: commitError, isUnknown };
      restart = undefined;
      confirm = false;
      rest = plan.later;
    }
    fulfil(written);
    return undefined;
  } catch (error) {
    return { error: asError(error) };
  }
}

function shapesOf(entries: readonly Entry[]): Set<TableShape> {
  const shapes = new Set<TableShape>();
  for (let index = 0; index < entries.length; index++) shapes.add((entries[index] as Entry).shape);
  return shapes;
}

function factsChanged(entries: readonly Entry[], { facts }: FlushContext, cause: Error): BatchedDrizzleError {
  const shapes = new Map(entries.map(({ shape }) => [shape.name, shape]));
  for (const { table } of shapes.values()) facts.delete(table);
  return new BatchedDrizzleError(
    'FACTS_CHANGED',
    `a table was made anew, or search_path or the role changed, while the transaction ran (${[...shapes.keys()].join(', ')}); nothing was written, retry the transaction`,
    { cause },
  );
}
