import { shapeOf, smallSizes } from '../jobs/small.ts';
import { median } from '../median.ts';
import { ratioOf } from '../ratio.ts';
import type { CellResult, Results, SideResult } from '../results.ts';
import { awaited, loadLatencies, loadSize, queued } from '../transactions.ts';
import type { Aim, Measured } from './aims.ts';
import { roughly } from './markdown.ts';

const loop = 'drizzle: loop';
const multiRow = 'drizzle: multi-row';
const byHand = 'unnest by hand';

/** What is measured of a run. Its values are milliseconds. */
export type Figure = 'samples' | 'clientCpu' | 'serverCpu';

export const figureNames: Readonly<Record<Figure, string>> = {
  samples: 'ms',
  clientCpu: 'client CPU',
  serverCpu: 'server CPU',
};

export function figureOfSide(cell: CellResult | undefined, side: string, figure: Figure): number | undefined {
  const values = cell?.sides.find((each: SideResult) => each.side === side)?.[figure] ?? [];
  return values.length > 0 ? median(values) : undefined;
}

export const cellOf = ({ cells }: Results, id: string) => cells.find((cell) => cell.id === id);
const smallOf = (results: Results, rows: number) => cellOf(results, `small/${rows}/0 ms`);

/** The figure of one of our sides as a share of another side's, for a run of so many transactions. */
export function share(
  cell: CellResult | undefined,
  ours: string,
  other: string,
  figure: Figure,
  transactions = 1,
): Measured | undefined {
  const [own, others] = [figureOfSide(cell, ours, figure), figureOfSide(cell, other, figure)];
  if (own === undefined || others === undefined) return undefined;
  const [ofOne, ofOthers] = [own, others].map((ms) => roughly(ms / transactions));
  return { value: own / others, note: `${ofOne} and ${ofOthers} ms` };
}

/** What the queued inserts of a small transaction may cost, as a share of another side's cost. */
const limits: readonly (readonly [rows: number, figure: Figure, other: string, most: number])[] = [
  [1, 'serverCpu', loop, 0.9],
  [1, 'clientCpu', loop, 0.8],
  [1, 'samples', loop, 1],
  [4, 'serverCpu', loop, 0.85],
  [4, 'clientCpu', loop, 0.6],
  [4, 'samples', loop, 0.7],
  [15, 'serverCpu', loop, 0.6],
  [15, 'clientCpu', loop, 0.3],
  [15, 'samples', multiRow, 1],
  [60, 'serverCpu', loop, 0.35],
  [60, 'clientCpu', loop, 0.12],
  [60, 'samples', multiRow, 0.8],
  [300, 'serverCpu', loop, 0.2],
  [300, 'clientCpu', loop, 0.06],
  [300, 'samples', multiRow, 0.5],
  [300, 'samples', byHand, 1.2],
];

/** The same for inserts that are awaited one by one, at every size. */
const awaitedLimits: readonly (readonly [figure: Figure, most: number])[] = [
  ['serverCpu', 1],
  ['clientCpu', 0.9],
  ['samples', 1],
];

/** The highest share of all sizes. */
function highest(results: Results, figure: Figure): Measured | undefined {
  const shares = smallSizes.flatMap((rows) => {
    const found = share(smallOf(results, rows), awaited, loop, figure);
    return found ? [{ value: found.value, note: `highest, at ${shapeOf(rows)}: ${found.note}` }] : [];
  });
  return shares.sort((a, b) => b.value - a.value)[0];
}

export const smallAims: readonly Aim[] = [
  {
    what: `1, its insert awaited: server CPU, of ${loop}`,
    most: 1,
    of: (results) => share(smallOf(results, 1), awaited, loop, 'serverCpu'),
  },
  ...limits.map(([rows, figure, other, most]) => ({
    what: `${shapeOf(rows)}: ${figureNames[figure]}, of ${other}`,
    most,
    of: (results: Results) => share(smallOf(results, rows), queued, other, figure),
  })),
  ...awaitedLimits.map(([figure, most]) => ({
    what: `each insert awaited, 1 to 300 rows: ${figureNames[figure]}, of ${loop}`,
    most,
    of: (results: Results) => highest(results, figure),
  })),
];

/** How many times as many transactions a second, by latency. */
const leastTimes: Readonly<Record<number, number>> = { 0: 1.5, 1: 3 };

export const loadAims: readonly Aim[] = loadLatencies.flatMap((latency) => {
  const id = `under load/${loadSize}/${latency} ms`;
  return [
    {
      what: `${latency} ms: transactions/s, times ${loop}`,
      least: leastTimes[latency] ?? 1,
      of(results: Results) {
        const cell = cellOf(results, id);
        const value = cell && ratioOf(cell, queued);
        return value === undefined ? undefined : { value };
      },
    },
    {
      what: `${latency} ms: p99, of ${loop}`,
      most: 1,
      of(results: Results) {
        const [own, others] = [queued, loop].map(
          (name) => cellOf(results, id)?.sides.find(({ side }) => side === name)?.calls?.p99,
        );
        if (own === undefined || others === undefined) return undefined;
        return { value: own / others, note: `${roughly(own)} and ${roughly(others)} ms` };
      },
    },
  ];
});
