import { type Outcome, outcomeOf } from './outcome.ts';
import { type Database, steps } from './steps.ts';
import { tablesIn } from './tables.ts';

/** What a run of the program is told. */
export interface Run {
  /** The URL of its database. */
  readonly url: string;
  /** The schema of its tables. */
  readonly schema: string;
  /** Where it reports to. */
  readonly reportTo: string;
}

/** What it reports after each step. Who hears of it counts the round trips of the step. */
export type StepReport = Outcome & { readonly step: string; readonly userAgent: string };

/** Node has no `navigator` before 21. */
const userAgent = globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node.split('.')[0]}`;

/** Runs the steps one after another, and reports each. One that fails does not keep the next from running. */
export async function runSteps(db: Database, { schema, reportTo }: Run): Promise<void> {
  const tables = tablesIn(schema);
  for (const [step, run] of Object.entries(steps)) {
    const report: StepReport = { step, userAgent, ...(await outcomeOf(() => run(db, tables))) };
    const response = await fetch(reportTo, { method: 'POST', body: JSON.stringify(report) });
    await response.text();
  }
}
