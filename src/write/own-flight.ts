/** A plan of own statements → the statements of its flight, in the order of the calls. */
import { command, type Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { OwnPlan } from '../plan/own-plan.ts';
import { type OwnAnswer, OwnInsertWriter } from './own-insert.ts';

export interface OwnFlight {
  /** Marks the transaction for the guards; `undefined` if BEGIN has been answered. */
  readonly mark: Statement | undefined;
  readonly statements: readonly Statement[];
  readonly answers: readonly OwnAnswer[];
}

/**
 * Outside a transaction `set local` has no effect, so that the guards behind it raise an error and nothing is written if
 * BEGIN fails. It takes no snapshot, and costs less than `select set_config(…)`.
 */
const mark = command("set local batched_drizzle.t = '1'");

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
  return { mark: isGuarded ? mark : undefined, statements, answers };
}
