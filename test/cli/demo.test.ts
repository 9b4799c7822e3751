import { expect, test } from 'vitest';
import { sides } from '../../bench/demo/sides.ts';
import { traceSides } from '../../bench/demo/trace-sides.ts';
import { summarize } from '../../cli/src/trace/summary.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

test('the trace of the demo has 602 trips of the plain side, with the lines of its loop, and 1 of ours', async () => {
  const runs = await traceSides(sides, 100, database.url);
  const summaries = runs.map(({ trace }) => summarize(trace));
  expect(summaries.map(({ trips }) => trips)).toEqual([602, expect.any(Number), 2, 1]);
  const [transaction] = summaries[0]?.groups ?? [];
  const lines = transaction?.lines.map(({ place, trips, savings }) => [
    place.split(':')[0],
    trips,
    savings[0],
  ]);
  const loop = { kind: 'loop', count: 100, trips: 200, left: 1 };
  expect(lines).toEqual([
    ['bench/demo/sides.ts', 200, loop],
    ['bench/demo/sides.ts', 200, loop],
    ['bench/demo/sides.ts', 200, loop],
    ['bench/demo/sides.ts', 2, { kind: 'ends', count: 2, trips: 2, left: 0 }],
  ]);
});
