/** A plan of own statements → the statements of its flight, in the order of the calls. */
import type { Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { OwnPlan } from '../plan/own-plan.ts';
import { markBegun } from './begun.ts';
import { type OwnAnswer, OwnInsertWriter } from './own-insert.ts';

export interface OwnFlight {
  /** Marks the transaction for the guards; `undefined` if BEGIN has been answered. */
  readonly mark: Statement | undefined;
  readonly statements: readonly Statement[];
  readonly answers: readonly OwnAnswer[];
}

/** @param isGuarded the flight leaves ahead of BEGIN's answer */
export function writeOwnFlight(plan: OwnPlan, values: ValueEncoder, isGuarded: boolean): OwnFlight {
  const writer = new OwnInsertWriter(plan, values, isGuarded);
  const statements: Statement[] = [];
  const answers: OwnAnswer[] = [];
  for (const entry of plan.entries) {
    const { text, params, answer } = writer.write(entry);
    statements.push({ text, params, answer: 'values', guarded: isGuarded });
    answers.push(answer);
  }
  return { mark: isGuarded ? markBegun : undefined, statements, answers };
}
