/** Few entries, or entries that can share nothing → one flight of own statements, which asks the catalog nothing. */
import type { FlushContext } from '../context.ts';
import type { Answer } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import { mayBeSelectable, selectable } from '../facts/selectable.ts';
import { mostOwnParams, type OwnPlan, planOwn } from '../plan/own-plan.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightAnswers, FlightEnd } from '../send/send-flight.ts';
import { isLogging } from '../send/send-logged.ts';
import { afterCache } from '../settle/notify-cache.ts';
import { type ReadOwnFlight, readOwnFlight } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { hasKeys } from '../take/key-run.ts';
import { markBegun } from '../write/begun.ts';
import { type OwnFlight, writeOwnFlight } from '../write/own-flight.ts';
import { launch } from './launch.ts';
import { PoliciesQuestion } from './policies-question.ts';
import type { FlushTarget } from './target.ts';
import type { WayBack } from './way-back.ts';

/**
 * - `guarded`: a flight may leave ahead of BEGIN's answer, and RETURNING may name columns that no caller asked for. If the
 *   server objects to either, the transaction is begun anew.
 * - `unguarded`: the server has objected once; the statements are exactly drizzle's.
 */
export type OwnTry = 'guarded' | 'unguarded';

/** What has been tried with a batch. */
export interface Tried {
  readonly ownTry: OwnTry;
  readonly back: WayBack;
  /** Every entry must go by its own statement, so that the one that fails is known. */
  readonly isSeeking: boolean;
  /** Why the server has refused rows of the batch. The transaction fails, even if it takes them when they are sent again. */
  readonly refused: Error | undefined;
}

export interface OwnFlown extends ReadOwnFlight {
  /** The server has not answered the question that travelled ahead of the rows. It is not asked again for now. */
  readonly isUnanswered: boolean;
  /** COMMIT must leave by itself. */
  readonly isCommitLeft: boolean;
}

/** The settings that the server may keep for a flight without set_config. */
const noSettings = Number.POSITIVE_INFINITY;

/** @returns `undefined` if the flush must be planned with facts */
export function planOwnEntries(
  { driver, options, engine }: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  {
    ownTry,
    back,
    isSizeFree,
    isSeeking,
    refused,
    mostParams = mostOwnParams,
  }: Tried & { isSizeFree: boolean; mostParams?: number },
): OwnPlan | undefined {
  const { scope, connection, facts } = target;
  if (driver.describes || target.lockTimeout !== undefined) return undefined;
  // Outside a transaction each entry is a transaction of its own, and only one by itself needs nothing around it.
  if (scope === 'own' && (entries.length > 1 || connection)) return undefined;
  // Sent again, it is written with the keys that it was given first.
  if (scope === 'own' && hasKeys(entries[0]?.allotted)) return undefined;
  // If the role may not select them, the flight is undone.
  const mayTry = ownTry === 'guarded' && scope !== 'own';
  const isCheap = scope === 'inside' || back.canRestart;
  return planOwn(entries, {
    values: driver.values,
    settings: options.keys === 'server' && !engine.refusesSettings ? facts.settings : noSettings,
    mayAsk: (shape) =>
      selectable(facts, engine, shape) === 'every' ||
      (mayTry && (isCheap || mayBeSelectable(facts, engine, shape))),
    // Where the transaction fails, nothing is left that a later insert could name.
    mayBeNamed: ({ awaited }) => scope === 'inside' && !awaited && !refused,
    isSizeFree,
    isSeeking,
    mostParams,
    copyRows: options.copyRows,
    maxRows: options.maxRows,
  });
}

export async function runOwnFlight(
  context: FlushContext,
  plan: OwnPlan,
  target: FlushTarget,
  { end: wanted, ownTry, back }: { end: FlightEnd; ownTry: OwnTry; back: WayBack },
  report: ReportBuilder,
): Promise<OwnFlown> {
  const { connection, facts } = target;
  const { options, engine } = context;
  const canGuard = options.keys === 'server' && !engine.refusesSettings;
  // A rule may refuse the guard, and then the flight must be undone. A COMMIT behind it would end the transaction.
  const mayGuard = canGuard && ownTry === 'guarded' && (back.canRestart || target.scope === 'inside');
  const isGuarded = mayGuard && connection?.mayFollow === false;
  const mark = isGuarded ? markBegun : undefined;
  const flight = writeOwnFlight(
    plan,
    context.driver.values,
    { isGuarded, isLogged: isLogging(context) },
    mark,
  );
  for (const kept of plan.kept.values()) facts.settings += kept.size;

  const mayRestart = target.scope === 'last' && back.canRestart;
  const policies = new PoliciesQuestion(context, target.facts, tablesOf(asked(plan)), mayRestart);
  // There is no way back behind a COMMIT, unless the transaction is begun anew.
  const isCommitLeft = wanted === 'commit' && policies.isUncertain && !mayRestart;
  const end = isCommitLeft ? 'open' : wanted;
  const savepoint = policies.isUncertain || isGuarded ? back.markQuestion() : [];
  // Rows that are left draw their keys later, and must not have later ones than rows behind them.
  const mayAsk = wanted === 'open' && plan.later.length === 0;
  const question = mayAsk ? target.ahead?.behind(plan.entries) : undefined;
  // BEGIN leaves with what the first statement depends on.
  const own = [...savepoint, ...policies.statements(mark), ...flight.statements];
  const statements = [...own, ...(question?.statements ?? [])];
  const entries = () => plan.entries;
  // Exactly drizzle's statements, in a transaction that has begun: if one is refused, the transaction has failed.
  const mayBeUndone = policies.isUncertain || savepoint.length > 0;
  const isLast = connection?.mayFollow === true && !mayBeUndone && plan.later.length === 0 && !question;
  const flown = await launch(context, target, { connection, statements, entries, end, isLast }, report);
  // Statements have left behind it, in the transaction that has failed if it was refused.
  if (isLast) back.worked();

  const behind = question?.statements.length ?? 0;
  const answers = { ...flown, answers: flown.answers.slice(0, flown.answers.length - behind) };
  const read = readOwnFlight(context, flight, answers, report);
  if (question && !read.error) {
    const answered = answersByEntry(flight, answers);
    await target.ahead?.settle(question, flown.answers.slice(-behind), target.run, answered);
  }
  // Behind a BEGIN that was refused the server has skipped the question.
  const ahead = flown.beginError ? [] : answers.answers.slice(0, -flight.answers.length);
  const isUnanswered = policies.hear(ahead, !read.error);
  return { ...read, outcomes: afterCache(context.cache, read.outcomes), isUnanswered, isCommitLeft };
}

function answersByEntry(
  { answers: expected }: OwnFlight,
  { answers }: FlightAnswers,
): ReadonlyMap<Entry, Answer> {
  const own = answers.slice(-expected.length);
  return new Map(
    expected.flatMap(({ entry }, index) => {
      const answer = own[index];
      return answer?.status === 'fulfilled' ? [[entry, answer.value] as const] : [];
    }),
  );
}

/** Whether the RETURNING of an entry names columns that no caller asked for. */
export function asksBack(plan: OwnPlan, entry: Entry | undefined): boolean {
  return entry !== undefined && (plan.kept.has(entry) || plan.returned.has(entry));
}

function tablesOf(entries: Iterable<Entry>): Set<TableShape> {
  return new Set(Array.from(entries, ({ shape }) => shape));
}

/** All such entries. */
function asked({ kept, returned }: OwnPlan): Iterable<Entry> {
  return [...kept.keys(), ...returned.keys()];
}
