/** Runs the flight of a plan: arrange → write → send → read. */
import type { FlushContext } from '../context.ts';
import { EagerStatement, hasRawValues, type Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { Plan } from '../plan/plan.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightEnd } from '../send/send-flight.ts';
import { sendLogged } from '../send/send-logged.ts';
import { keysAnswered } from '../settle/keys-answered.ts';
import { afterCache } from '../settle/notify-cache.ts';
import { type Flight, readFlight, readKeysFirst } from '../settle/read-flight.ts';
import type { Entry } from '../take/entry.ts';
import { arrange, needsNoTransaction } from '../write/arrange.ts';
import { type Inserts, writeHead, writeInserts } from '../write/write-flight.ts';
import { launch } from './launch.ts';
import type { FlushTarget } from './target.ts';
import type { Mark } from './way-back.ts';

export interface FlightInput {
  readonly plan: Plan;
  /** The statement of a single row, if it is written already. */
  readonly single: Inserts | undefined;
  readonly mark: Mark;
  readonly end: FlightEnd;
}

export interface WrittenFlight extends Flight {
  /** Tables whose facts the server has compared: those of a flight with a key query. */
  readonly compared: readonly TableShape[];
}

export async function runFlight(
  context: FlushContext,
  { plan, single, mark, end }: FlightInput,
  target: FlushTarget,
  report: ReportBuilder,
): Promise<WrittenFlight> {
  const { lockTimeout } = target;
  const isBare = single !== undefined || needsNoTransaction(plan, lockTimeout);
  const connection = isBare ? target.connection : await target.connect();
  const keys = context.engine.refusesSettings ? 'client' : context.options.keys;
  const mayFollow = connection?.mayFollow ?? true;
  const arrangement = single ? 'bare' : arrange(plan, { mayFollow, keys, lockTimeout });
  const { held } = target.facts;
  const { token, opening, keyQuery, locked } = writeHead(context, plan, arrangement, { lockTimeout, held });

  const before: Statement[] = [...mark.ahead, ...opening];
  let keysKnown: Promise<void> | undefined;
  if (keyQuery && connection && arrangement === 'keysFirst') {
    const first = await sendLogged(context, connection, [...before.splice(0), keyQuery], 'open', report);
    const failed = readKeysFirst(plan, first, report);
    if (failed) return { ...failed, compared: [] };
  } else if (keyQuery) {
    const eager = new EagerStatement(keyQuery);
    if (plan.lists.length > 0) keysKnown = keysAnswered(plan, eager);
    before.push(eager);
  }
  const inserts = single ?? writeInserts(context, plan, { token, locked, keysKnown });
  const isQueried = keyQuery !== undefined && arrangement !== 'keysFirst';
  const last = inserts.statements.at(-1);
  // Behind a statement that is described it would wait for an answer.
  const isDescribed = context.driver.describes || (last !== undefined && hasRawValues(last));
  const after = isDescribed ? [] : mark.behind;
  const statements = [...before, ...inserts.statements, ...after];
  const entries = () => entriesOfPlan(plan);
  const flight = await launch(context, target, { connection, statements, entries, end }, report);
  const answers = flight.answers.slice(0, flight.answers.length - after.length);
  const read = readFlight(context, plan, inserts, { ...flight, answers }, { isQueried, report });
  const compared = keyQuery ? plan.chunks.filter(({ facts }) => facts).map(({ shape }) => shape) : [];
  return { ...read, outcomes: afterCache(context.cache, read.outcomes), compared };
}

function entriesOfPlan({ chunks }: Plan): Set<Entry> {
  return new Set(chunks.flatMap(({ entries }) => entries));
}
