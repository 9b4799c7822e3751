/** Whether it is proved that no program can observe that entries share statements. Pure. */
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
  return distinctPlans(entries, new Map()).every(
    (entry) => facts.get(entry.shape.table)?.plain === true && hasHarmlessExpressions(entry),
  );
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
  // An expression in RETURNING is evaluated when its row is written.
  return !returning || returning === shape.selection || onlyColumns(returning);
}
