/** A plan of own statements → the statements of its flight, in the order of the calls. */
import type { Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { Expression } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { OwnPlan } from '../plan/own-plan.ts';
import type { Entry } from '../take/entry.ts';
import { type OwnAnswer, OwnInsertWriter } from './own-insert.ts';

/** How own statements are written. */
export interface OwnWay {
  /** The flight leaves ahead of BEGIN's answer. */
  readonly isGuarded: boolean;
  readonly isLogged: boolean;
}

export interface OwnFlight {
  readonly statements: readonly Statement[];
  readonly answers: readonly OwnAnswer[];
}

/** @param mark what the guards depend on, if nothing of the flight itself sets it */
export function writeOwnFlight(
  plan: OwnPlan,
  values: ValueEncoder,
  { isGuarded, isLogged }: OwnWay,
  mark?: Statement,
): OwnFlight {
  const writer = new OwnInsertWriter(plan, values, isGuarded, isLogged);
  const statements: Statement[] = [];
  const answers: OwnAnswer[] = [];
  for (const entry of plan.entries) {
    const { text, params, logged, answer } = writer.write(entry);
    const mayRepeat = hasMereValues(entry);
    statements.push({ text, params, logged, answer: 'values', guarded: isGuarded, mark, mayRepeat });
    answers.push(answer);
  }
  return { statements, answers };
}

function hasMereValues({ cells, conflict, returning }: Entry): boolean {
  if (conflict || (returning && !onlyColumns(returning))) return false;
  return !cells.some((cell) => cell instanceof Expression);
}
