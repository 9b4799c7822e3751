import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { isSubquery } from '../take/conflict.ts';
import type { Entry } from '../take/entry.ts';
import { Form, Given } from '../take/form.ts';
import type { Chunk } from './chunk.ts';
import type { PlanInput } from './plan-input.ts';
import { canAllocate, type TablePlan, tablePlanOf } from './plan-table.ts';

/**
 * Whether writing the entry may read rows that the flush writes to other tables.
 * It may by a subquery, or by a trigger or rule that only the database knows. Every table then keeps the
 * order of the calls.
 */
export function mayReadTables(entry: Entry, facts: PlanInput['facts']): boolean {
  const { shape, cells, conflict, returning } = entry;
  if (facts.get(shape.table)?.plain === false) return true;
  if (conflict && isSubquery(conflict)) return true;
  if (returning && returning !== shape.selection && !onlyColumns(returning)) return true;
  const { forms } = entry;
  const hasExpression =
    forms instanceof Form ? forms.hasExpression : forms.some((form) => form.hasExpression);
  return hasExpression && cells.some((cell) => cell instanceof Expression && isSubquery(cell.rendered));
}

/**
 * Takes left-out keys before the INSERTs if several statements write a table.
 * The default keys would follow the order of the statements. Keys that are taken first rise in the order of
 * the calls.
 */
export function allocateForOrder(
  level: readonly PgTable[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  chunks: readonly Chunk[],
): boolean {
  let added = false;
  for (const table of level) {
    const own = chunks.filter((chunk) => chunk.shape.table === table);
    const shape = own[0]?.shape;
    if (own.length < 2 || !shape) continue;
    const { facts, allocated } = tablePlanOf(planned, shape);
    if (!facts?.plain) continue;
    const forms = new Set(own.flatMap((chunk) => [...chunk.forms]));
    for (const column of shape.columns.keys()) {
      const isLeftOut = [...forms].some(({ columns }) => columns[column] === Given.nothing);
      if (!isLeftOut || allocated.has(column) || !canAllocate(facts, shape, column)) continue;
      allocated.add(column);
      added = true;
    }
  }
  return added;
}
