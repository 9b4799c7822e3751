/** The state of writing a batch: what is written, what can be undone, and what has been tried. */
import type { FlushContext } from '../context.ts';
import { isAnswer } from '../driver/errors.ts';
import { command } from '../driver/statement.ts';
import { codeOf } from '../errors.ts';
import { isInterruption } from '../facts/question.ts';
import { doubtSelectable } from '../facts/selectable.ts';
import type { OwnPlan } from '../plan/own-plan.ts';
import type { NotShared, ReportBuilder } from '../report.ts';
import type { Failures, Refusal } from '../settle/failures.ts';
import { fulfil, type Outcomes } from '../settle/outcomes.ts';
import { explainSkippedParent, isRefusedToUs, type ReadOwnFlight } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { failTransaction, isStale } from '../write/raise.ts';
import type { Choice, ChoiceInput } from './choice.ts';
import { mustWaitForCommit } from './choose.ts';
import { commitApart } from './commit-apart.ts';
import { sharing } from './late-part.ts';
import { noteOwn } from './note-plan.ts';
import { asksBack, type OwnTry, runOwnFlight } from './run-own-flight.ts';
import type { FlushTarget } from './target.ts';
import { noMark, WayBack } from './way-back.ts';

/** The end of a flight: why the batch failed, or which entries are left to be written. */
interface Step {
  readonly refusal?: Refusal | undefined;
  readonly later: readonly Entry[];
}

/**
 * A connection, a transaction or a sequence that has come to its end, a lack of resources, a lock, an intervention: what the rows
 * are has no part in it, and the server may let the caller wait for it once more.
 */
const notOfRows = /^(08|25P|40|53|55|57|58|XX|2200H)/;

/** Facts are learned anew so often at most. An unknown column or type looks like outdated facts each time. */
const mostRelearned = 2;

export class Attempt implements ChoiceInput {
  readonly back: WayBack;
  ownTry: OwnTry = 'guarded';
  isSeeking = false;
  refused: Error | undefined;
  #written: Outcomes = [];
  #relearned = 0;
  #isCommitLeft = false;

  constructor(
    readonly context: FlushContext,
    readonly target: FlushTarget,
    readonly report: ReportBuilder,
    readonly failures: Failures,
  ) {
    this.back = new WayBack(target);
  }

  async writeOwn(entries: readonly Entry[], plan: OwnPlan, why: NotShared): Promise<Step> {
    const { context, target, back, ownTry } = this;
    noteOwn(context, plan.entries, why, this.report);
    const isLast = plan.later.length === 0;
    const end = isLast && this.#mayCommit && !this.refused ? 'commit' : 'open';
    const flight = await runOwnFlight(context, plan, target, { end, ownTry, back }, this.report);
    const isRefused = isRefusedToUs(flight.error, asksBack(plan, flight.culprit));
    if (isRefused && flight.culprit) doubtSelectable(target.facts, context.engine, flight.culprit.shape);
    if (ownTry === 'guarded' && (flight.isUnanswered || isRefused) && (await back.go())) {
      if (flight.error) context.engine.noteSettings(flight.error);
      this.ownTry = 'unguarded';
      // What statements ahead of the refused one returned is undone, and references must not find it.
      for (const entry of entries) entry.forgetValues();
      return { later: entries };
    }
    if (isLast && !flight.error && this.refused) return await this.#failAgain(this.refused);
    const refusal = this.#settleOwn(flight);
    if (!refusal) back.worked();
    this.#isCommitLeft = flight.isCommitLeft;
    return { refusal, later: plan.later };
  }

  async writeShared(entries: readonly Entry[], { facts: known, mayShare, why }: Choice): Promise<Step> {
    const { context, target, back } = this;
    if (target.scope === 'own' && entries.length > 1 && !mayShare) return { refusal: mustGoApart, later: [] };
    const { notePlanned, planEntries, runFlight, singleRowInsert, unproved } =
      sharing.read ?? (await sharing.reading());
    const facts = mayShare ? known : unproved(known);
    const single = singleRowInsert(context, entries, facts, target);
    const { plan, rejected } = single ?? planEntries(context, entries, facts, target.scope);
    if (rejected) this.failures.rejectEach(rejected);
    // No earlier flight has written rows, so there is nothing to commit.
    if (target.scope === 'own' && plan.chunks.length === 0 && this.#written.length === 0)
      return { later: [] };
    notePlanned(context, plan, why, this.report);
    const isLast = plan.later.length === 0 && this.#mayCommit;
    // A COMMIT behind a flight that is refused would roll everything back.
    const end = isLast && !mustWaitForCommit(entries, target, back) ? 'commit' : 'open';
    const mark = end === 'commit' || context.engine.refusesCatalog ? noMark : back.mark(entries);
    const input = { plan, single: single?.inserts, mark, end } as const;
    const flight = await runFlight(context, input, target, this.report);
    const { error, culprit, ahead, commitError, isUnknown } = flight;
    const isOutdated = isStale(error) || (error && flight.isAhead && context.engine.noteAhead(error));
    if (isOutdated && this.#relearned < mostRelearned && (await back.go())) {
      this.#forget(entries);
      return { later: entries };
    }
    const { errors } = context.driver;
    const isOwnFailure = error && isAnswer(errors, error) && codeOf(error) !== '25P02';
    // Plain drizzle asks for no keys. A batch that has a time limit for locks is split instead.
    const isUnasked = flight.isOfKeys && target.lockTimeout === undefined;
    const mustSeek =
      target.failLate !== undefined ||
      (target.scope !== 'own' &&
        entries.length > 1 &&
        (flight.isOfRows || flight.isOfKeys) &&
        !notOfRows.test(codeOf(error) ?? '')) ||
      (isUnasked && error && isInterruption(error, errors));
    if (isOwnFailure && mustSeek && !this.isSeeking && (await back.go())) {
      this.isSeeking = true;
      if (flight.isOfRows) this.refused = error;
      for (const entry of entries) entry.forgetValues();
      return { later: entries };
    }
    if (error) return { refusal: { error, culprit, ahead }, later: [] };
    if (this.refused && plan.later.length === 0) return await this.#failAgain(this.refused);
    this.#written = [...this.#written, ...flight.outcomes];
    if (target.scope !== 'own') fulfil(this.#written, target.tell);
    back.passed(flight.compared);
    const unreadable = flight.outcomes.find(([, outcome]) => outcome.unreadable)?.[1].unreadable;
    // As in drizzle, a transaction fails in which an answer can't be read.
    if (unreadable && target.scope !== 'own') return { refusal: { error: unreadable }, later: [] };
    this.#isCommitLeft = isLast && end === 'open';
    return { refusal: commitError && { error: commitError, isUnknown, isOfCommit: true }, later: plan.later };
  }

  /** Everything is written. @returns why the transaction did not commit, if the batch is its last */
  async finish(): Promise<Refusal | undefined> {
    const closes = this.#isCommitLeft && (await this.target.closes?.()) !== false;
    const refusal = closes ? await commitApart(this.context, this.target, this.report) : undefined;
    if (!refusal) fulfil(this.#written, this.target.tell);
    return refusal;
  }

  /**
   * What the server refused it takes now: sequences have gone on, or another session has changed something. In drizzle, where
   * nothing is sent twice, the transaction has failed.
   */
  async #failAgain(error: Error): Promise<Step> {
    await this.target.run(command(failTransaction)).catch(() => {});
    return { refusal: { error }, later: [] };
  }

  /** A user's transaction must not commit if one caller's entry failed. */
  get #mayCommit(): boolean {
    const { scope } = this.target;
    return scope === 'own' || (scope === 'last' && this.failures.isEmpty);
  }

  /** Entries are settled in the order of the calls: callers that await several get the first error. */
  #settleOwn(flight: ReadOwnFlight): Refusal | undefined {
    const { error, culprit, commitError, isUnknown, behind } = flight;
    fulfil(flight.outcomes, this.target.tell);
    if (!error) return commitError && { error: commitError, isUnknown, isOfCommit: true };
    const refusal = { error: explainSkippedParent(error, culprit), culprit };
    if (this.target.scope === 'own') return refusal;
    if (culprit) this.failures.rejectAll([culprit], refusal);
    this.failures.rejectEach(behind);
    return refusal;
  }

  /** Drops the facts and the keys, which may be outdated. */
  #forget(entries: readonly Entry[]): void {
    this.#relearned += 1;
    this.target.facts.doubt();
    for (const entry of entries) {
      this.context.facts.delete(entry.shape.table);
      entry.forgetKeys();
    }
  }
}

const mustGoApart: Refusal = {
  error: new Error('it is not proved that these entries may share a transaction'),
  mustGoApart: true,
};
