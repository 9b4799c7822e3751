import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commitOrder } from '../../../src/plan/commit-order.ts';

type Graph = ReadonlyMap<number, readonly number[]>;

/** Tables 0 to `size - 1` in a random order. Each pair is a table and the table that it refers to. */
const graphs = fc.integer({ min: 1, max: 9 }).chain((size) => {
  const table = fc.nat({ max: size - 1 });
  return fc.record({
    tables: fc.shuffledSubarray([...Array(size).keys()], { minLength: size }),
    pairs: fc.array(fc.tuple(table, table), { maxLength: 14 }),
  });
});

const acyclic = graphs.map(({ tables, pairs }) => ({
  tables,
  pairs: pairs.filter(([from, to]) => from > to),
}));

function graphOf(pairs: readonly (readonly [number, number])[]): Graph {
  const graph = new Map<number, number[]>();
  for (const [from, to] of pairs) graph.set(from, [...(graph.get(from) ?? []), to]);
  return graph;
}

const order = (tables: readonly number[], graph: Graph) =>
  commitOrder(tables, (table) => graph.get(table) ?? []);

/** Whether a path leads from one table to another. */
function reaches(graph: Graph, from: number, to: number): boolean {
  const seen = new Set<number>();
  const next = [...(graph.get(from) ?? [])];
  for (let table = next.pop(); table !== undefined; table = next.pop()) {
    if (table === to) return true;
    if (!seen.has(table)) next.push(...(graph.get(table) ?? []));
    seen.add(table);
  }
  return false;
}

test('a parent comes before its children, and no table is lost or doubled', () => {
  fc.assert(
    fc.property(acyclic, ({ tables, pairs }) => {
      const levels = order(tables, graphOf(pairs));
      expect(levels.every((level) => level.length === 1)).toBe(true);
      const sorted = levels.flat();
      expect(sorted.toSorted()).toEqual(tables.toSorted());
      for (const [child, parent] of pairs) expect(sorted.indexOf(parent)).toBeLessThan(sorted.indexOf(child));
    }),
  );
});

test('tables that stand in a good order already keep it', () => {
  fc.assert(
    fc.property(acyclic, ({ tables, pairs }) => {
      const sorted = tables.toSorted();
      expect(order(sorted, graphOf(pairs)).flat()).toEqual(sorted);
    }),
  );
});

test('tables that nothing ties together keep the order in which they were given', () => {
  fc.assert(
    fc.property(graphs, ({ tables }) => {
      expect(order(tables, new Map()).flat()).toEqual(tables);
    }),
  );
});

test('the tables of a cycle come out as one level, and no others with them', () => {
  fc.assert(
    fc.property(graphs, ({ tables, pairs }) => {
      const graph = graphOf(pairs);
      const levels = order(tables, graph);
      expect(levels.flat().toSorted()).toEqual(tables.toSorted());
      const levelOf = new Map(
        levels.flatMap((level, index) => level.map((table) => [table, index] as const)),
      );
      for (const one of tables) {
        for (const other of tables) {
          if (one === other) continue;
          const isCycle = reaches(graph, one, other) && reaches(graph, other, one);
          expect(levelOf.get(one) === levelOf.get(other)).toBe(isCycle);
        }
      }
      for (const [child, parent] of pairs)
        expect(levelOf.get(parent)).toBeLessThanOrEqual(levelOf.get(child) ?? -1);
    }),
  );
});

test('a table that points at itself, or at one that is not written, is a table like any other', () => {
  const pairs = [
    [1, 1],
    [1, 7],
    [2, 1],
  ] as const;
  expect(order([1, 2], graphOf(pairs))).toEqual([[1], [2]]);
});

test('a table that is given twice comes out once', () => {
  expect(order([2, 1, 2], graphOf([[2, 1]]))).toEqual([[1], [2]]);
});

test('each of 5,000 tables, up to 1,000 deep, is asked once for its parents', () => {
  const tables = [...Array(5_000).keys()];
  const asked: number[] = [];
  const levels = commitOrder(tables, (table) => {
    asked.push(table);
    return table % 1_000 === 999 ? [] : [table + 1];
  });
  expect(asked.toSorted((a, b) => a - b)).toEqual(tables);
  expect(levels.slice(0, 2)).toEqual([[999], [998]]);
  expect(levels).toHaveLength(5_000);
});
