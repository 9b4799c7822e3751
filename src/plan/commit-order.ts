/** Sorts tables into the order in which their rows can be written: parents first. Pure. */

/** Tables that are written together. A level has several tables only if their foreign keys form a cycle. */
export type Level<Table> = readonly Table[];

interface Visit {
  readonly index: number;
  low: number;
  open: boolean;
}

/**
 * Sorts tables so that parents come before their children. Other tables keep the given order.
 *
 * The tables of a cycle form one level, which must keep the call order. This is Tarjan's algorithm for
 * strongly connected components (R. Tarjan, 1972). It yields the components in exactly this order.
 *
 * @example
 * commitOrder(['post', 'user'], (table) => (table === 'post' ? ['user'] : [])) // [['user'], ['post']]
 */
export function commitOrder<Table>(
  tables: readonly Table[],
  pointsAt: (table: Table) => Iterable<Table>,
): Level<Table>[] {
  const given = new Set(tables);
  const visits = new Map<Table, Visit>();
  const stack: Table[] = [];
  const levels: Table[][] = [];

  function visit(table: Table): Visit {
    const own = { index: visits.size, low: visits.size, open: true };
    visits.set(table, own);
    stack.push(table);
    for (const parent of pointsAt(table)) {
      if (!given.has(parent)) continue;
      const seen = visits.get(parent);
      if (!seen) own.low = Math.min(own.low, visit(parent).low);
      else if (seen.open) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) levels.push(closeLevel(table));
    return own;
  }

  function closeLevel(root: Table): Table[] {
    const members = stack.splice(stack.lastIndexOf(root));
    for (const member of members) (visits.get(member) as Visit).open = false;
    return members;
  }

  for (const table of given) if (!visits.has(table)) visit(table);
  return levels;
}
