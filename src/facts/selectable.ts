/** What is known of the role's privilege to select a table's rows. */
import type { TableShape } from '../drizzle/table.ts';
import type { Engine } from './engine.ts';
import type { FactsScope, Selectable } from './facts-scope.ts';
import type { FactsCache, TableFacts } from './table-facts.ts';

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
  for (const known of facts.isDoubted ? [facts.selectable] : [facts.selectable, engine.selectable])
    if (rows !== 'some' || !known.has(shape)) known.set(shape, rows);
}

/** The facts know what a flight of own statements can only try: no policy holds for the role, and it may select each column. */
export function learnSelectableByFacts(
  scope: FactsScope,
  engine: Engine,
  shape: TableShape,
  facts: TableFacts | undefined,
): void {
  if (!facts?.returned || selectable(scope, engine, shape) === 'every') return;
  const columns = [...shape.columns, ...shape.generated];
  const isSelectable = columns.every(({ name }) => facts.columns.get(name)?.selectable);
  if (isSelectable) learnSelectable(scope, engine, shape, 'every');
}

/** The server has refused to return a row. The role or its policies may have changed since the facts were learned. */
export function noteUnselectable(
  scope: FactsScope,
  { facts, engine }: { readonly facts: FactsCache; readonly engine: Engine },
  shape: TableShape,
): void {
  learnSelectable(scope, engine, shape, 'notEvery');
  for (const cache of [scope.cache, facts]) cache.delete(shape.table);
}
