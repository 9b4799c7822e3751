import type { FactsByTable } from '../facts/learn-facts.ts';
import type { OwnPlan } from '../plan/own-plan.ts';
import type { NotShared, ReportBuilder } from '../report.ts';
import type { Tried } from './run-own-flight.ts';

export interface Choice {
  readonly own: OwnPlan | undefined;
  /** Empty if nothing is known, or nothing needs to be known. */
  readonly facts: FactsByTable;
  /** It is proved that no program can observe that the entries share statements. */
  readonly mayShare: boolean;
  /** Why nothing is shared. */
  readonly why: NotShared | undefined;
}

export interface ChoiceInput extends Tried {
  readonly report: ReportBuilder;
}

export const nothingKnown: FactsByTable = new Map();
