import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { isSubquery } from '../take/conflict.ts';
import type { Entry } from '../take/entry.ts';
import { Form, Given } from '../take/form.ts';
import type { Chunk } from './chunk.ts';
import type { PlanInput, Planning } from './plan-input.ts';
import { canAllocate, type TablePlan, tablePlanOf } from './plan-table.ts';
import { distinctPlans } from './same-plan.ts';
import { mustStandAlone } from './stands-alone.ts';

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
 * Whether the table draws keys that can't be taken before the INSERTs. Such keys follow the order of the
 * statements.
 */
function drawsByItself({ columns }: TableFacts, shape: TableShape): boolean {
  const takable = new Set(shape.columns.map(({ name }) => name));
  return [...columns].some(([name, { draws, keys }]) => draws && (keys === null || !takable.has(name)));
}

/** Whether rows of the table may see one another. Different statements must then keep their order. */
export function mustKeepOrder(
  planning: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
): boolean {
  const different = distinctPlans(entries, planning.encoded);
  const shapes = new Set(different.map(({ shape }) => shape));
  for (const shape of shapes) {
    for (const parent of planning.pointsAt(shape.table)) if (parent === shape.table) return true;
    const { facts } = tablePlanOf(planned, shape);
    if (facts && drawsByItself(facts, shape)) return true;
  }
  const shared = { ...planning, isLone: false };
  return different.some((entry) => {
    return entry.conflict || mustStandAlone(entry, tablePlanOf(planned, entry.shape), shared);
  });
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
