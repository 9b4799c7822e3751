import { oneByOne } from '../cell.ts';
import { pgAwaited, programId } from '../program-cells.ts';
import type { Results } from '../results.ts';
import { awaited } from '../transactions.ts';
import type { Aim } from './aims.ts';
import { cellOf, type Figure, figureNames, share } from './wanted.ts';

/** The programs whose figures are wanted, with one caller. */
const programs = ['TPC-B', 'new order'];

/** What ours may take, as a share of what plain drizzle takes. */
const limits: readonly (readonly [latency: number, figure: Figure, other: string, most: number])[] = [
  [1, 'samples', oneByOne, 0.6],
  [1, 'samples', pgAwaited, 1],
  [0, 'samples', oneByOne, 1],
  [0, 'clientCpu', oneByOne, 1],
  [0, 'serverCpu', oneByOne, 1],
];

export const programAims: readonly Aim[] = programs.flatMap((job) =>
  limits.map(([latency, figure, other, most]) => ({
    what: `${job}, ${latency} ms: ${figureNames[figure]}, of ${other}`,
    most,
    of(results: Results) {
      const cell = cellOf(results, programId(job, 1, latency));
      return share(cell, awaited, other, figure, cell?.size);
    },
  })),
);
