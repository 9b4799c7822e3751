/** What is known of the role's privilege to select a table's rows. */
import type { TableShape } from '../drizzle/table.ts';
import type { Engine } from './engine.ts';
import type { FactsScope, Selectable } from './facts-scope.ts';

/** What other transactions have learned does not hold once raw SQL may have changed the role. */
export function selectable(facts: FactsScope, engine: Engine, shape: TableShape): Selectable | undefined {
  return facts.selectable.get(shape) ?? (facts.isDoubted ? undefined : engine.selectable.get(shape));
}

/** Whether to try and ask, where an objection costs round trips. Of a role that raw SQL has set nothing is known. */
export function mayBeSelectable(facts: FactsScope, engine: Engine, shape: TableShape): boolean {
  if (engine.refusesCatalog) return false;
  const known = selectable(facts, engine, shape);
  return known === undefined ? !facts.isDoubted : known !== 'notEvery';
}

export function learnSelectable(
  facts: FactsScope,
  engine: Engine,
  shape: TableShape,
  rows: Selectable,
): void {
  for (const known of mapsOf(facts, engine)) if (rows !== 'some' || !known.has(shape)) known.set(shape, rows);
}

/** The server has refused to return a row: what made it seem selectable may have changed. */
export function doubtSelectable(facts: FactsScope, engine: Engine, shape: TableShape): void {
  for (const known of mapsOf(facts, engine)) if (known.get(shape) !== 'notEvery') known.delete(shape);
}

type Known = Map<TableShape, Selectable> | WeakMap<TableShape, Selectable>;

function mapsOf(facts: FactsScope, engine: Engine): Known[] {
  return facts.isDoubted ? [facts.selectable] : [facts.selectable, engine.selectable];
}
