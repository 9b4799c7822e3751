/** Few entries of the database → a transaction each, all sent in one flight on one connection. */
import type { Entry } from './entry.ts';
import { asError } from './errors.ts';
import { fateOf } from './fate.ts';
import type { FlushContext, Refusal } from './flush.ts';
import { countRows, logAll, readFlight } from './fly.ts';
import { learnFacts } from './learn-facts.ts';
import type { Plan } from './plan.ts';
import { planEntries } from './plan-entries.ts';
import type { ReportBuilder } from './report.ts';
import { checkParams, command, rollback, sendFlight } from './send.ts';
import { type Failures, fulfil } from './settle.ts';
import type { Statement } from './statement.ts';
import { tellCache } from './tell-cache.ts';
import { isStale } from './write/guard.ts';
import { type Inserts, makeToken, writeInserts, writeKeyQuery } from './write-flight.ts';

interface Single {
  readonly entry: Entry;
  readonly plan: Plan;
  readonly inserts: Inserts;
  /** The key query and the INSERTs. */
  readonly statements: readonly Statement[];
}

/**
 * Sends entries that do not refer to one another.
 *
 * Each is a transaction of its own, and not an INSERT without one, since only within a transaction can it be kept from
 * waiting for a lock, and with it those behind it.
 *
 * @returns entries that must be sent on connections of their own: they wait for a lock, or can't travel so
 */
export async function sendSingly(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
  failures: Failures,
): Promise<readonly Entry[]> {
  const { keys, parameters } = context.options;
  if (keys === 'client' || parameters === 'describe') return entries;
  try {
    const { singles, left } = await writeSingles(context, entries, report, failures);
    if (singles.length > 0) left.push(...(await send(context, singles, report, failures)));
    return left;
  } catch (error) {
    failures.rejectAll(entries, { error: asError(error) });
    return [];
  }
}

async function writeSingles(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
  failures: Failures,
): Promise<{ singles: Single[]; left: Entry[] }> {
  const shapes = entries.map(({ shape }) => shape);
  const target = { facts: new WeakMap(), run: context.driver.run.bind(context.driver) };
  const facts = await learnFacts(context, target, shapes, false, report);
  const singles: Single[] = [];
  const left: Entry[] = [];
  for (const entry of entries) {
    try {
      const { plan, rejected } = planEntries(context, [entry], facts, false);
      failures.rejectEach(rejected);
      if (rejected.size > 0) continue;
      const token = makeToken();
      const inserts = writeInserts(context, plan, token, new Map());
      // What can't tell whether it is inside its transaction would have to wait for BEGIN's answer.
      if (inserts.statements.some(({ guarded }) => !guarded)) left.push(entry);
      else {
        const statements = [writeKeyQuery(plan, { token, isBounded: true }), ...inserts.statements];
        checkParams(statements);
        singles.push({ entry, plan, inserts, statements });
      }
    } catch (error) {
      failures.rejectAll([entry], { error: asError(error) });
    }
  }
  return { singles, left };
}

async function send(
  context: FlushContext,
  singles: readonly Single[],
  report: ReportBuilder,
  failures: Failures,
): Promise<Entry[]> {
  const left: Entry[] = [];
  const connection = await context.driver.begin();
  report.roundTrips += 1;
  await Promise.all(
    singles.map(async ({ entry, plan, inserts, statements }, index) => {
      logAll(context, statements);
      report.statements += statements.length;
      try {
        const [flight, mutations] = await Promise.all([
          sendFlight(connection, index === 0 ? statements : [command('begin'), ...statements], true),
          tellCache(context.cache, [entry]),
        ]);
        const read = readFlight(context, plan, inserts, flight, true, true);
        const refusal = refusalOf(read);
        if (refusal && mustGoAlone(refusal)) left.push(entry);
        else if (refusal) failures.rejectAll([entry], refusal);
        else {
          countRows(plan, report);
          const objection = mutations.get(entry);
          if (objection) entry.conclude({ error: objection });
          fulfil(read.outcomes);
        }
      } catch (error) {
        failures.rejectAll([entry], { error: asError(error) });
      }
    }),
  );
  await rollback(connection);
  return left;
}

function refusalOf({ error, commitError, isUnknown }: ReturnType<typeof readFlight>): Refusal | undefined {
  const reason = error ?? commitError;
  return reason && { error: reason, isUnknown };
}

/** Another try may be what it takes; it has been refused, and stands nowhere. */
function mustGoAlone({ error, isUnknown }: Refusal): boolean {
  return !isUnknown && (fateOf(error) === 'contended' || isStale(error));
}
