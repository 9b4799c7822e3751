/** Which way a flush goes whose tables the server is asked about, since it is not small. */
import type { FlushContext } from '../context.ts';
import type { Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import { type FactsByTable, learnFacts } from '../facts/learn-facts.ts';
import { isProved } from '../plan/proof.ts';
import { sharesLittle } from '../plan/shares-little.ts';
import type { ReportBuilder } from '../report.ts';
import { askLogged } from '../send/send-logged.ts';
import type { Entry } from '../take/entry.ts';
import { type Choice, type ChoiceInput, nothingKnown } from './choice.ts';
import { planOwnEntries } from './run-own-flight.ts';
import type { FlushTarget } from './target.ts';
import type { WayBack } from './way-back.ts';

/** @param isSmall some of the entries could go by own statements, and the others would have to wait for them */
export async function chooseByFacts(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  { ownTry, isSeeking, refused, back, report }: ChoiceInput,
  isSmall: boolean,
): Promise<Choice> {
  const { engine, driver } = context;
  // Without transactions several entries share nothing, whatever the catalog knows. Nor do they if a transaction of the
  // library's own could be part of another one.
  const isAlone = engine.takesTransactions === false || driver.isShared;
  const isApart = isAlone && target.scope === 'own' && entries.length > 1;
  const isUnasked = engine.refusesCatalog || isApart;
  const learned = isUnasked ? undefined : await learn(context, entries, target, back, report);
  // The first connection may have come with the answer, and named another engine.
  const facts = engine.isOther || !learned ? nothingKnown : learned;
  const isJoined = target.scope === 'own' && driver.isJoined?.();
  const takesNone = engine.takesTransactions === false || Boolean(isJoined && (await isJoined));
  const isBarred = isSeeking || isApart || takesNone;
  const mayShare = !isBarred && !isDearIfRefused(entries, target, driver) && isProved(entries, facts);
  if (mayShare && (target.scope === 'own' || isSmall || !sharesLittle(entries, context.options)))
    return { own: undefined, facts, mayShare, why: undefined };
  // Where no other way is left the driver refuses what has too many parameters, as in drizzle.
  const mostParams = takesNone ? Number.POSITIVE_INFINITY : undefined;
  const own = planOwnEntries(context, entries, target, {
    ownTry,
    back,
    isSizeFree: true,
    isSeeking,
    refused,
    mostParams,
  });
  const isForbidden = !learned || engine.isOther || takesNone;
  const unshared = isForbidden ? 'server' : mayShare ? 'few' : 'unproved';
  return { own, facts, mayShare, why: isSeeking ? 'seeking' : entries.length === 1 ? 'one' : unshared };
}

/**
 * Whether sharing may take more round trips than plain drizzle. If the server refuses an entry of the database, the others are
 * sent again as transactions of their own. Those that fit into no pipeline take a round trip each, as they would without sharing.
 */
function isDearIfRefused(
  entries: readonly Entry[],
  { scope }: FlushTarget,
  { plainTrips }: FlushContext['driver'],
): boolean {
  const { length } = entries;
  if (plainTrips === undefined || scope !== 'own' || length < 2 || length * plainTrips >= 4) return false;
  // An entry that refers to another one's row would have to wait for it, and plain drizzle has no such reference.
  return entries.every(({ references }) => references.length === 0);
}

/** @returns `undefined` if the server does not answer the question; the transaction goes on as if it had not been asked */
async function learn(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  back: WayBack,
  report: ReportBuilder,
): Promise<FactsByTable | undefined> {
  const { driver, engine } = context;
  // Behind a pooler the question travels with the first BEGIN of a client, whose answer must be waited for anyway.
  const isUncertain = engine.takesTransactions === undefined && !driver.isDirect;
  if (isUncertain && target.scope === 'own' && entries.length > 1) {
    const { isUnopened } = await target.connect();
    if (engine.isOther) return undefined;
    // There is no pooler. The question goes without BEGIN, so that nothing has to be rolled back if the entries go apart.
    if (isUnopened && driver.isDirect) await target.restart?.();
  }
  const mayFollow = target.connection?.mayFollow ?? true;
  try {
    return await learnFacts(context, target.facts, shapesOf(entries), (query) => {
      const send = (statement: Statement) => target.run(statement);
      return askLogged(context, send, mayFollow, report, query, back.markQuestion());
    });
  } catch (error) {
    // The server has skipped a question behind a BEGIN that it refused.
    const isUnbegun = target.connection?.hasBegun === false;
    const isUnanswered = () => engine.noteUnanswered(engine.questions.facts, asError(error), driver.errors);
    if (isUnbegun || !isUnanswered()) throw error;
    if (target.connection && !(await back.go())) throw error;
    return undefined;
  }
}

function shapesOf(entries: readonly Entry[]): Set<TableShape> {
  const shapes = new Set<TableShape>();
  for (let index = 0; index < entries.length; index++) shapes.add((entries[index] as Entry).shape);
  return shapes;
}
