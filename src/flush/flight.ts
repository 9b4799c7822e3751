/** A plan → its flight: the key query, the INSERTs, COMMIT, and what became of them. */
import type { FlushContext } from '../context.ts';
import { type Answer, HeardStatement } from '../driver/statement.ts';
import { type Chunk, entriesOf } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { ReportBuilder } from '../report.ts';
import { runLogged, sendLogged } from '../send/send-logged.ts';
import { command } from '../send/transaction-commands.ts';
import { tellCache } from '../settle/notify-cache.ts';
import { answersOf, countKeys, type Flight, firstRefusal, readFlight } from '../settle/read-flight.ts';
import { readKeys } from '../settle/read-keys.ts';
import type { Entry } from '../take/entry.ts';
import { lockForCopy } from '../write/copy.ts';
import { boundLocks } from '../write/key-query.ts';
import { isLoneStatement } from '../write/write-chunk.ts';
import { type Inserts, makeToken, writeInserts, writeKeyQuery } from '../write/write-flight.ts';
import type { FlushTarget } from './target.ts';

/** @param lone the statement of a plan of one row, which is written already */
export async function fly(
  context: FlushContext,
  plan: Plan,
  target: FlushTarget,
  commits: boolean,
  report: ReportBuilder,
  lone?: Inserts,
): Promise<Flight> {
  const { isBounded } = target;
  const isLone = lone !== undefined || (isLoneStatement(plan) && !isBounded);
  const connection = isLone && !target.connection ? undefined : await target.connect();
  const keysFirst = !lone && (context.options.keys === 'client' || plan.chunks.some(embedsReferences));
  const token = (isLone && (connection?.hasBegun ?? true)) || keysFirst ? undefined : makeToken();
  const query =
    plan.chunks.length === 0 || (isLone && token === undefined)
      ? undefined
      : writeKeyQuery(plan, { token, isBounded });

  const isQueryFirst = keysFirst && query !== undefined && plan.lists.length > 0;
  const copied = plan.chunks.filter((chunk) => chunk.copied);
  const isOpened = isBounded && (token === undefined || copied.length > 0);
  const opening = [
    ...(isOpened ? [command(boundLocks)] : []),
    ...copied.map((chunk) => command(lockForCopy(chunk, context.dialect))),
  ];
  if (isQueryFirst && connection) {
    const first = await sendLogged(context, connection, [...opening.splice(0), query], false, report);
    const refused = firstRefusal(first);
    if (refused) return { outcomes: [], error: first.beginError ?? refused.error };
    readKeys(plan.lists, answersOf(first).at(-1) as Answer);
    countKeys(plan, report);
  }
  const heard = query && !isQueryFirst ? new HeardStatement(query) : undefined;
  const keysKnown = heard ? keysHeard(plan, heard) : Promise.resolve();
  const inserts = lone ?? writeInserts(context, plan, token, keysKnown);
  const statements = [...opening, ...(heard ? [heard] : []), ...inserts.statements];
  const [flight, mutations] = await Promise.all([
    connection
      ? sendLogged(context, connection, statements, commits, report)
      : runLogged(context, (statement) => target.run(statement), statements, report),
    tellCache(context.cache, () => entriesOfPlan(plan)),
  ]);
  const how = { isQueried: heard !== undefined, report };
  const read = readFlight(context, plan, inserts, flight, how);
  const isWritten = read.outcomes.length > 0;
  const objections = isWritten ? [...mutations].map(([entry, error]) => [[entry], { error }] as const) : [];
  return { ...read, outcomes: [...objections, ...read.outcomes] };
}

/** An expression is text with parameters: what it refers to must be known when it is written. */
function embedsReferences(chunk: Chunk): boolean {
  return entriesOf(chunk).some(({ embedded }) =>
    embedded.some((reference) => reference.value() === undefined),
  );
}

function entriesOfPlan({ chunks }: Plan): Set<Entry> {
  return new Set(chunks.flatMap(({ entries }) => entries));
}

/** Settles when the keys of a flight have been told, to its lists. */
export function keysHeard({ lists }: Plan, query: HeardStatement): Promise<void> {
  const known = query.answered.then((answer) => readKeys(lists, answer));
  // Whoever reads the flight sees why it failed.
  known.catch(() => {});
  return known;
}
