import { describe, expect, test } from 'vitest';
import { byDriver } from '../../../bench/report/by-driver.ts';
import type { CellResult, Count, Results } from '../../../bench/results.ts';

const cell = (id: string, size: number, sides: Readonly<Record<string, number>>) =>
  ({
    id,
    size,
    sides: Object.entries(sides).map(([side, ms]) => ({ side, samples: [ms] })),
  }) as unknown as CellResult;

const count = (job: string, size: number, side: string, trips: number): Count => ({
  job,
  size,
  side,
  trips,
  statements: trips,
});

const results = (cells: readonly CellResult[], counts: readonly Count[] = []) =>
  ({ cells, counts }) as unknown as Results;

const onPostgresJs = { 'drizzle: loop': 100, 'batched: insert() a row': 10 };
const onPg = { 'drizzle on pg: loop': 60, 'batched on pg: insert() a row': 5 };

describe('the tables by driver', () => {
  test('are left out while results have one driver', () => {
    expect(byDriver(results([cell('graph/100/0 ms', 100, onPostgresJs)]))).toEqual([]);
  });

  test('compare ours with plain drizzle on the same driver, in time and in round trips', () => {
    const [, , times, trips] = byDriver(
      results(
        [cell('graph/100/0 ms', 100, { ...onPostgresJs, ...onPg })],
        [
          count('graph', 20, 'drizzle on pg: loop', 62),
          count('graph', 20, 'batched on pg: insert() a row', 1),
        ],
      ),
    );
    expect(times?.split('\n').slice(2)).toEqual([
      '| graph of 100 users, 0 ms | 100 | **10.0** | 10.00 | 60.0 | **5.00** | 12.00 |',
    ]);
    expect(trips).toContain('| a graph of 20 users | – | – |  | 62 | **1** | 62.00 |');
  });

  test('have the figures of one transaction of a program, and a dash for what was not measured', () => {
    const awaited = { 'drizzle on pg: each awaited': 48, 'batched on pg: each awaited': 24 };
    const [, , times] = byDriver(
      results([cell('small/4/0 ms', 4, onPostgresJs), cell('TPC-B/1 caller/0 ms', 48, awaited)]),
    );
    expect(times?.split('\n').slice(2)).toEqual([
      '| small, 1 + 3, 0 ms | 100 | **10.0** | 10.00 | – | – |  |',
      '| TPC-B, 0 ms | – | – |  | 1.00 | **0.50** | 2.00 |',
    ]);
  });
});
