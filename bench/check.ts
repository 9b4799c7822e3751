import { ratioOf } from './ratio.ts';
import type { Count, Results } from './results.ts';
import { sides } from './sides/index.ts';

const ours = new Set(sides.filter(({ isOurs }) => isOurs).map(({ name }) => name));

/**
 * Reports each figure of ours that is worse than in the committed results: a count that has risen, or a ratio
 * that has fallen by half. Durations depend on the machine and are not compared.
 */
export function findWorse(now: Results, committed: Results): string[] {
  return [
    ...worseCounts(now.counts, committed.counts),
    ...fallenRatios(now, committed).map(({ line }) => line),
  ];
}

function worseCounts(now: readonly Count[], committed: readonly Count[]): string[] {
  const key = ({ job, size, side }: Count) => `${side}, ${job} of ${size}`;
  const before = new Map(committed.map((count) => [key(count), count]));
  return now.flatMap((count) => {
    const known = before.get(key(count));
    if (!known || !ours.has(count.side)) return [];
    return (['trips', 'statements'] as const)
      .filter((what) => count[what] > known[what])
      .map(
        (what) =>
          `${key(count)}: ${count[what]} ${what === 'trips' ? 'round trips' : what}, were ${known[what]}`,
      );
  });
}

const fastest = ([first = Number.NaN]: readonly number[]) => first;

interface Fallen {
  /** The id of the cell. */
  readonly cell: string;
  readonly line: string;
}

/** Each ratio of ours that has fallen by half. */
export function fallenRatios(now: Results, committed: Results): Fallen[] {
  const before = new Map(committed.cells.map((cell) => [cell.id, cell]));
  return now.cells.flatMap((cell) => {
    const known = before.get(cell.id);
    if (!known) return [];
    return [...ours].flatMap((side) => {
      const [is, was] = [ratioOf(cell, side), ratioOf(known, side)];
      if (is === undefined || was === undefined || is >= was / 2) return [];
      // Other work on the machine may disturb the median of a few runs, but seldom all of them.
      const [atBest, wasAtBest] = [ratioOf(cell, side, fastest), ratioOf(known, side, fastest)];
      if (atBest === undefined || wasAtBest === undefined || atBest >= wasAtBest / 2) return [];
      const line = `${side}, ${cell.id}: ${is.toFixed(2)} times ${cell.reference}, was ${was.toFixed(2)}`;
      return [{ cell: cell.id, line }];
    });
  });
}
