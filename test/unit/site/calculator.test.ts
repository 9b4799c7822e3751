import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { median } from '../../../bench/median.ts';
import { costsOf } from '../../../site/calculator/costs.ts';
import { between, compare } from '../../../site/calculator/estimate.ts';
import { ourTrips, type Program, plainTrips, type Way } from '../../../site/calculator/trips.ts';

const root = new URL('../../../', import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8');
const costs = costsOf(JSON.parse(textOf('bench/results/full.json')));

const program = (way: Way, inserts: number, statements: number): Omit<Program, 'driver'> => ({
  way,
  inserts,
  statements,
});

/** The numbers of the first line of a table that has the text, behind its first cell. */
function numbersOf(path: string, text: string): number[] {
  const line = textOf(path)
    .split('\n')
    .find((each) => each.startsWith('|') && each.includes(text));
  const cells = line?.split('|').slice(2, -1) ?? [];
  return cells.map((cell) => Number(cell.replaceAll(/[,*\s]/g, '')));
}

describe('trips', () => {
  test.each([
    ['a transaction of one select', program('left', 0, 1)],
    ['a transfer', program('each', 2, 3)],
    ['100 inserts with ids, one awaited after another', program('queued', 100, 0)],
    ['100 users with two addresses each', program('left', 300, 0)],
  ])('of %s are those of the README', (text, of) => {
    expect([
      plainTrips({ driver: 'postgres.js', ...of }),
      plainTrips({ driver: 'node-postgres', ...of }),
      ourTrips({ driver: 'postgres.js', ...of }),
    ]).toEqual(numbersOf('README.md', text));
  });

  test.each([10, 100, 1_000])('of a loop over %i rows are those of docs/await-in-a-loop.md', (inserts) => {
    const of = { driver: 'postgres.js', inserts, statements: 0 } as const;
    const counted = [
      plainTrips({ way: 'each', ...of }),
      ourTrips({ way: 'each', ...of }),
      ourTrips({ way: 'queued', ...of }),
    ];
    expect(counted).toEqual(numbersOf('docs/await-in-a-loop.md', `| ${inserts.toLocaleString('en')} |`));
  });

  test('of five awaited statements on pg are those of docs/node-postgres.md', () => {
    const five: Program = { driver: 'node-postgres', ...program('each', 0, 5) };
    const [plain, ours] = numbersOf('docs/node-postgres.md', 'five awaited statements');
    expect([plainTrips(five), ourTrips(five)]).toEqual([plain, ours]);
  });
});

describe('time', () => {
  test('is latency for each trip, and what the benchmark has measured without it', () => {
    const of: Program = { driver: 'postgres.js', ...program('left', 300, 0) };
    const { plain, ours } = compare(of, 20, costs);
    expect(plain.network).toBe(602 * 20);
    expect(ours.network).toBe(20);
    const measured = (side: string) => {
      const { cells } = JSON.parse(textOf('bench/results/full.json'));
      const cell = cells.find(({ id }: { id: string }) => id === 'small/300/0 ms');
      return median(cell.sides.find((each: { side: string }) => each.side === side).samples);
    };
    expect(plain.work).toBe(measured('drizzle: loop'));
    expect(ours.work).toBe(measured('batched: insert() a row'));
  });

  test('has no work of client and server if that was not measured', () => {
    const nothing = { left: [], together: [], each: [], queued: [] };
    const sides = { ...costs.sides['node-postgres'], ours: { inserts: nothing } };
    const of: Program = { driver: 'node-postgres', ...program('left', 10, 1) };
    const { plain, ours } = compare(of, 20, { ...costs, sides: { ...costs.sides, 'node-postgres': sides } });
    expect(ours).toEqual({ trips: 2, network: 40, work: undefined });
    expect(plain).toEqual({ trips: 13, network: 260, work: undefined });
  });

  test('is known on postgres.js', () => {
    const { plain, ours } = compare({ driver: 'postgres.js', ...program('each', 10, 5) }, 1, costs);
    expect(plain.work).toBeGreaterThan(0);
    expect(ours.work).toBeGreaterThan(0);
  });

  test.each([
    [0.5, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [6, 8],
  ])('of %f rows is on the line between the measured sizes: %f', (rows, ms) => {
    const measured = [
      [1, 2],
      [3, 4],
    ] as const;
    expect(between(measured, rows)).toBeCloseTo(ms);
  });

  test('of what was not measured is nothing', () => {
    expect(between([], 5)).toBeUndefined();
  });
});
