/** Whether it is proved that no program can observe that entries share statements. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { FactsByTable } from '../facts/learn-facts.ts';
import type { Entry } from '../take/entry.ts';
import { Form } from '../take/form.ts';
import { isHarmless } from './harmless.ts';
import { distinctPlans } from './same-plan.ts';

/**
 * The facts prove a table: nothing that the server evaluates for its rows reads tables or counts. Expressions of the
 * entries are proved by their text. One entry that is not proved may observe the rows of every other.
 */
export function isProved(entries: readonly Entry[], facts: FactsByTable): boolean {
  const different = distinctPlans(entries, new Map());
  return (
    different.every(
      (entry) => facts.get(entry.shape.table)?.plain === true && hasHarmlessExpressions(entry),
    ) && haveOrdersOfTheirOwn(new Set(different.map(({ shape }) => shape.table)), facts)
  );
}

/**
 * Whether no two tables put their rows, or their sequence's keys, into one order. A partition and its parent do, and so do
 * partitions with their parent's sequence, and two of drizzle's tables for one relation. Shared statements write table by
 * table.
 */
function haveOrdersOfTheirOwn(tables: ReadonlySet<PgTable>, facts: FactsByTable): boolean {
  if (tables.size < 2) return true;
  const ordered = [...tables].flatMap((table) => facts.get(table)?.ordered ?? []);
  return new Set(ordered).size === ordered.length;
}

/** The facts for entries that are not proved, of whatever table: nothing is shared, and no key is drawn ahead of its row. */
export function unproved(facts: FactsByTable): FactsByTable {
  return new Map(
    [...facts].map(([table, known]) => [table, known?.plain ? { ...known, plain: false } : known]),
  );
}

function hasHarmlessExpressions(entry: Entry): boolean {
  const { forms, cells, conflict, returning, shape } = entry;
  const hasExpression =
    forms instanceof Form ? forms.hasExpression : forms.some((form) => form.hasExpression);
  if (hasExpression && cells.some((cell) => cell instanceof Expression && !isHarmless(cell.rendered)))
    return false;
  if (conflict && !isHarmless(conflict)) return false;
  if (entry.comment) return false;
  // An expression in RETURNING is evaluated when its row is written.
  return !returning || returning === shape.selection || onlyColumns(returning);
}
