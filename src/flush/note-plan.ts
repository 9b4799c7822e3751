/** What `batch.trace` shows of a flight: how each table was written, and why its inserts shared no statement. */
import type { FlushContext } from '../context.ts';
import { isTooFew } from '../plan/shares-little.ts';
import type { NotShared, ReportBuilder, TablePlan } from '../report.ts';
import type { Entry } from '../take/entry.ts';

/** A plan that is being counted. */
export type Counted = { -readonly [Key in keyof TablePlan]: TablePlan[Key] };

/** Notes a flight of statements of their own. */
export function noteOwn(
  { options }: FlushContext,
  entries: readonly Entry[],
  why: NotShared,
  report: ReportBuilder,
): void {
  if (!options.trace) return;
  const tables = new Map<string, Counted>();
  for (const { shape, count } of entries) {
    const { name: table } = shape;
    const plan = tables.get(table) ?? { table, way: 'own', rows: 0, statements: 0, why };
    tables.set(table, plan);
    plan.rows += count;
    plan.statements += 1;
  }
  report.plans.push([...tables.values()]);
}

/** Why few entries go by own statements before anything is asked about their tables. */
export function whyUnasked(
  { options }: FlushContext,
  entries: readonly Entry[],
  isSeeking: boolean,
): NotShared {
  if (isSeeking) return 'seeking';
  if (entries.length === 1) return 'one';
  return isTooFew(entries, options) ? 'few' : 'commit';
}
