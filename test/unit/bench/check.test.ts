import { describe, expect, test } from 'vitest';
import { findWorse } from '../../../bench/check.ts';
import type { Results } from '../../../bench/results.ts';

const ours = 'batched: values(rows)';
const peer = 'kysely';

interface Measured {
  readonly trips?: number;
  readonly statements?: number;
  readonly side?: string;
  readonly ms?: number;
  readonly fastestMs?: number;
  readonly referenceMs?: number;
  readonly cell?: string;
}

/** The results of one side in one cell. The reference takes `referenceMs`. */
function results({
  trips = 2,
  statements = 4,
  side = ours,
  ms = 10,
  fastestMs = ms,
  referenceMs = 40,
  cell = 'orders',
}: Measured) {
  const made: Pick<Results, 'cells' | 'counts'> = {
    counts: [{ job: 'orders', size: 100, side, trips, statements }],
    cells: [
      {
        id: cell,
        job: 'orders',
        title: 'orders',
        size: 100,
        rows: 100,
        latency: 0,
        measuredLatency: 0,
        reference: 'drizzle: loop',
        sides: [
          { side: 'drizzle: loop', samples: [referenceMs] },
          { side, samples: ms > 0 ? [fastestMs, ms, ms] : [] },
        ],
      },
    ],
  };
  return made as Results;
}

const worse = (now: Measured, committed: Measured = {}) => findWorse(results(now), results(committed));

describe('the benchmark compares with committed results', () => {
  test('one round trip more of ours is worse', () => {
    expect(worse({ trips: 3 })).toEqual([`${ours}, orders of 100: 3 round trips, were 2`]);
  });

  test('one statement more of ours is worse', () => {
    expect(worse({ statements: 5 })).toEqual([`${ours}, orders of 100: 5 statements, were 4`]);
  });

  test('fewer are not', () => {
    expect(worse({ trips: 1, statements: 3 })).toEqual([]);
  });

  test("a peer's counts are its own affair", () => {
    expect(worse({ side: peer, trips: 9, statements: 9 }, { side: peer })).toEqual([]);
  });

  test('a ratio of ours that has fallen by more than half is worse', () => {
    expect(worse({ ms: 21 })).toEqual([`${ours}, orders: 1.90 times drizzle: loop, was 4.00`]);
  });

  test('a run that was as fast as ever beside others that were disturbed is not', () => {
    expect(worse({ ms: 30, fastestMs: 10 })).toEqual([]);
  });

  test('a ratio of exactly half is not', () => {
    expect(worse({ ms: 20 })).toEqual([]);
  });

  test('a machine on which everything takes ten times as long is not', () => {
    expect(worse({ ms: 100, referenceMs: 400 })).toEqual([]);
  });

  test('a cell that is not among the committed ones, or a side that was skipped, is not compared', () => {
    expect(worse({ ms: 1_000, cell: 'new' })).toEqual([]);
    expect(worse({ ms: 0 })).toEqual([]);
  });
});
