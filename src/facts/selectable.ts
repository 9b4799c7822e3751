/** What is known of the role's privilege to select a table's rows. */
import type { TableShape } from '../drizzle/table.ts';
import type { Engine } from './engine.ts';
import type { FactsScope, Selectable } from './facts-scope.ts';

/** What other transactions have learned does not hold once raw SQL may have changed the role. */
export function selectable(facts: FactsScope, engine: Engine, shape: TableShape): Selectable | undefined {
  return facts.selectable.get(shape) ?? (facts.isDoubted ? undefined : engine.selectable.get(shape));
}

export function learnSelectable(
  facts: FactsScope,
  engine: Engine,
  shape: TableShape,
  rows: Selectable,
): void {
  for (const known of facts.isDoubted ? [facts.selectable] : [facts.selectable, engine.selectable])
    if (rows === 'every' || !known.has(shape)) known.set(shape, rows);
}
