import { median } from '../median.ts';
import { ratioOf } from '../ratio.ts';
import type { CellResult, Results } from '../results.ts';
import { decimals, roughly } from './markdown.ts';
import { type Figure, figureOfSide } from './wanted.ts';

/** The head and the rows of a table, for the console and for Markdown. */
export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const loop = 'drizzle: loop';
const multiRow = 'drizzle: multi-row';
const figures: readonly (readonly [figure: Figure, name: string])[] = [
  ['samples', 'ms'],
  ['clientCpu', 'client CPU ms'],
  ['serverCpu', 'server CPU ms'],
];

/** The cost of one transaction by side, and its share of plain drizzle's cost in both ways. */
export function smallTable(cell: CellResult, nameOf = (side: string) => side): TableText {
  const rows = cell.sides.map(({ side, skipped }) => [
    nameOf(side),
    ...figures.flatMap(([figure], n) => {
      const own = figureOfSide(cell, side, figure);
      if (own === undefined) return [n === 0 && skipped ? `skipped: ${skipped}` : '–', '', ''];
      return [roughly(own), ...[loop, multiRow].map((other) => shareOf(cell, own, other, figure))];
    }),
  ]);
  return { head: ['', ...figures.flatMap(([, name]) => [name, 'of loop', 'of multi-row'])], rows };
}

function shareOf(cell: CellResult, own: number, other: string, figure: Figure): string {
  const others = figureOfSide(cell, other, figure);
  return others === undefined ? '' : (own / others).toFixed(2);
}

/** What the transactions of some cells cost their callers, who share one pool. */
export function callersTable(
  cells: readonly CellResult[],
  counts: Results['counts'],
  nameOf = (side: string) => side,
): TableText {
  const rows = cells.flatMap((cell) =>
    cell.sides.map(({ side, samples, calls, skipped }) => {
      if (calls === undefined) return [`${cell.id}: ${nameOf(side)}`, skipped ?? '–', '', '', '', '', '', ''];
      const count = counts.find((each) => each.job === cell.job && each.side === side);
      const each = (figure: Figure) => {
        const ms = figureOfSide(cell, side, figure);
        return ms === undefined ? '–' : roughly(ms / cell.size);
      };
      return [
        `${cell.id}: ${nameOf(side)}`,
        perSecond((cell.size / median(samples)) * 1_000),
        ratioOf(cell, side)?.toFixed(2) ?? '',
        roughly(calls.p50),
        roughly(calls.p99),
        count ? roughly(count.trips / count.size) : '–',
        each('clientCpu'),
        each('serverCpu'),
      ];
    }),
  );
  return {
    head: [
      '',
      'transactions/s',
      `times ${loop}`,
      'p50 ms',
      'p99 ms',
      'trips of one',
      'client CPU ms of one',
      'server CPU ms of one',
    ],
    rows,
  };
}

/** With latency there may be fewer than ten a second. */
const perSecond = (count: number) => (count < 100 ? roughly(count) : decimals(Math.round(count), 0));

/** A line for results that lack the server's processor time. */
export function lacksServer({ cells }: Results): string[] {
  const measured = cells.flatMap(({ sides }) => sides).filter(({ clientCpu }) => clientCpu !== undefined);
  if (measured.length === 0 || measured.some(({ serverCpu }) => serverCpu !== undefined)) return [];
  return ["The server's processes were not visible, so its processor time is left out."];
}
