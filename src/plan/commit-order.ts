/** Tables in the order in which their rows can be written: parents first. Pure. */

/** Tables that are written together; more than one only where their foreign keys form a cycle. */
export type Level<Table> = readonly Table[];

/**
 * Sorts tables so that what a table points at comes before it, and otherwise as they were given.
 *
 * Tables of a cycle come out as one level, which must keep the call order. This is Tarjan's algorithm for
 * strongly connected components (R. Tarjan, 1972), whose components leave it in just this order.
 *
 * @example
 * commitOrder(['post', 'user'], (table) => (table === 'post' ? ['user'] : [])) // [['user'], ['post']]
 */
export function commitOrder<Table>(
  tables: readonly Table[],
  pointsAt: (table: Table) => Iterable<Table>,
): Level<Table>[] {
  const given = new Set(tables);
  const visits = new Map<Table, { index: number; low: number; open: boolean }>();
  const stack: Table[] = [];
  const levels: Table[][] = [];

  function visit(table: Table): { low: number; index: number; open: boolean } {
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
    for (const member of members) {
      const visited = visits.get(member);
      if (visited) visited.open = false;
    }
    return members;
  }

  for (const table of given) if (!visits.has(table)) visit(table);
  return levels;
}
