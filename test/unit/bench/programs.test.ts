import { describe, expect, test } from 'vitest';
import { readArgs } from '../../../bench/args.ts';
import { quickPlan, renewPlan } from '../../../bench/plan.ts';
import { pgAwaited, programCells, programId, quickProgramCells } from '../../../bench/program-cells.ts';
import { newOrderInput, scale, tpcBInput } from '../../../bench/programs/inputs.ts';
import { stockAfter } from '../../../bench/programs/program.ts';
import { wrongChanges } from '../../../bench/programs/tally.ts';
import { aimRows } from '../../../bench/report/aims.ts';
import { programAims } from '../../../bench/report/program-aims.ts';
import type { Results } from '../../../bench/results.ts';

const numbers = Array.from({ length: 600 }, (_, n) => n);

describe('the inputs of the programs', () => {
  test('are the same for the same number, so that every side does the same', () => {
    expect(numbers.map(newOrderInput)).toEqual(numbers.map(newOrderInput));
  });

  test('name rows that exist, and every branch', () => {
    const inputs = numbers.map(tpcBInput);
    expect(new Set(inputs.map(({ branch }) => branch)).size).toBe(scale.branches);
    for (const { account, teller, delta } of inputs) {
      expect(account).toBeGreaterThanOrEqual(1);
      expect(account).toBeLessThanOrEqual(scale.accounts);
      expect(teller).toBeGreaterThanOrEqual(1);
      expect(teller).toBeLessThanOrEqual(scale.branches * scale.tellersOfBranch);
      expect(Math.abs(delta)).toBeLessThanOrEqual(5_000);
    }
  });

  test('of an order are 5 to 10 lines, of rising items, 15 lines in two orders', () => {
    for (const n of numbers) {
      const items = newOrderInput(n).lines.map(({ item }) => item);
      expect(items).toEqual([...new Set(items)].sort((a, b) => a - b));
      expect(items.length).toBeGreaterThanOrEqual(5);
      if (n % 2 === 0) expect(items.length + newOrderInput(n + 1).lines.length).toBe(15);
    }
  });
});

test('a stock that would fall below ten is refilled', () => {
  expect([stockAfter(20, 10), stockAfter(19, 10)]).toEqual([10, 100]);
});

describe('the check of a run', () => {
  test('finds nothing wrong if the tables have changed as expected', () => {
    expect(wrongChanges({ orders: 3, lines: 15 }, { orders: 5, lines: 15 }, { orders: 2 })).toEqual([]);
  });

  test('names what should have changed and what should not', () => {
    expect(wrongChanges({ orders: 3, lines: 15 }, { orders: 4, lines: 16 }, { orders: 2 })).toEqual([
      'orders changed by 1 instead of 2',
      'lines changed by 1 instead of 0',
    ]);
  });
});

describe('the cells of the programs', () => {
  test('are four programs at five latencies with three numbers of callers', () => {
    expect(new Set(programCells().map(({ id }) => id)).size).toBe(60);
    for (const { size, callers = 0 } of programCells()) {
      expect(size).toBeGreaterThanOrEqual(callers);
      expect(size % 2).toBe(0);
    }
  });

  test('of the short form are some of them, so that CI can compare ratios', () => {
    const ids = quickProgramCells().map(({ id }) => id);
    expect(ids).toHaveLength(8);
    expect(programCells().map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(quickPlan().cells.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  test('are all measured again by --renew --job programs', () => {
    const options = readArgs(['--renew', '--job', 'programs']);
    const jobs = options === 'help' ? [] : options.jobs;
    expect(jobs).toEqual(['TPC-B', 'new order', 'payment', 'page']);
    expect(renewPlan(jobs).cells).toEqual(programCells());
  });
});

test('what is wanted of a program is a share of what the other side takes for the same transactions', () => {
  const side = (name: string, ms: number) => ({ side: name, samples: [ms] });
  const cell = {
    id: programId('TPC-B', 1, 1),
    size: 10,
    sides: [side('drizzle: loop', 200), side(pgAwaited, 110), side('batched: each awaited', 120)],
  };
  const results = { cells: [cell] } as unknown as Results;
  expect(aimRows(programAims, results).slice(0, 3)).toEqual([
    ['TPC-B, 1 ms: ms, of drizzle: loop', 'at most 0.6', '0.60 (12.0 and 20.0 ms)', 'yes'],
    ['TPC-B, 1 ms: ms, of drizzle on pg: each awaited', 'at most 1', '1.09 (12.0 and 11.0 ms)', 'no'],
    ['TPC-B, 0 ms: ms, of drizzle: loop', 'at most 1', 'not measured', ''],
  ]);
});
