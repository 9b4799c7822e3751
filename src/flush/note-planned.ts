/** What `batch.trace` shows of a flight that was planned with facts. */
import type { FlushContext } from '../context.ts';
import type { Plan } from '../plan/plan.ts';
import type { NotShared, ReportBuilder } from '../report.ts';
import type { Counted } from './note-plan.ts';

/** @param why why nothing was shared; `undefined` if that was allowed, and an insert was the only one of its kind */
export function notePlanned(
  { options }: FlushContext,
  { chunks }: Pick<Plan, 'chunks'>,
  why: NotShared | undefined,
  report: ReportBuilder,
): void {
  if (!options.trace) return;
  const tables = new Map<string, Counted>();
  for (const { shape, way, rows } of chunks) {
    const key = `${way} ${shape.name}`;
    const plan = tables.get(key) ?? { table: shape.name, way, rows: 0, statements: 0 };
    if (way === 'own') plan.why = why ?? 'one';
    tables.set(key, plan);
    plan.rows += rows.length;
    plan.statements += 1;
  }
  report.plans.push([...tables.values()]);
}
