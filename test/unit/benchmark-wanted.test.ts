import { describe, expect, test } from 'vitest';
import { aimRows } from '../../bench/report/aims.ts';
import { loadAims, smallAims } from '../../bench/report/wanted.ts';
import type { CellResult, Results, SideResult } from '../../bench/results.ts';

const cell = (id: string, sides: readonly SideResult[]) =>
  ({ id, reference: 'drizzle: loop', sides }) as unknown as CellResult;
const results = (...cells: CellResult[]) => ({ cells }) as unknown as Results;
const cpu = (side: string, ms: number): SideResult => ({ side, samples: [ms], serverCpu: [ms] });
const rowOf = (aims: typeof smallAims, measured: Results, name: string) =>
  aimRows(aims, measured).find(([what]) => what === name);

describe('what is wanted of transactions', () => {
  test('is listed, and not measured, if results lack the jobs', () => {
    const states = aimRows([...smallAims, ...loadAims], results()).map(([, , measured]) => measured);
    expect(new Set(states)).toEqual(new Set(['not measured']));
  });

  test('compares the queued inserts with the named side', () => {
    const measured = results(
      cell('small/4/0 ms', [cpu('drizzle: loop', 2), cpu('batched: insert() a row', 1)]),
    );
    expect(rowOf(smallAims, measured, '1 + 3: server CPU, of drizzle: loop')).toEqual([
      '1 + 3: server CPU, of drizzle: loop',
      'at most 0.85',
      '0.50 (1.00 and 2.00 ms)',
      'yes',
    ]);
  });

  test('takes the highest share of all sizes if each insert is awaited', () => {
    const measured = results(
      cell('small/1/0 ms', [cpu('drizzle: loop', 2), cpu('batched: each awaited', 1)]),
      cell('small/15/0 ms', [cpu('drizzle: loop', 2), cpu('batched: each awaited', 3)]),
    );
    const name = 'each insert awaited, 1 to 300 rows: server CPU, of drizzle: loop';
    expect(rowOf(smallAims, measured, name)?.slice(2)).toEqual([
      '1.50 (highest, at 5 + 10: 3.00 and 2.00 ms)',
      'no',
    ]);
  });

  test('is reached under load by as many transactions a second, with no higher p99', () => {
    const side = (name: string, ms: number, p99: number): SideResult => ({
      side: name,
      samples: [ms],
      calls: { count: 640, p50: 1, p99 },
    });
    const measured = results(
      cell('under load/640/1 ms', [
        side('drizzle: loop', 1_000, 50),
        side('batched: insert() a row', 300, 60),
      ]),
    );
    const states = aimRows(loadAims, measured).map(([what, , , isReached]) => [what, isReached]);
    expect(states).toContainEqual(['1 ms: transactions/s, times drizzle: loop', 'yes']);
    expect(states).toContainEqual(['1 ms: p99, of drizzle: loop', 'no']);
  });
});
