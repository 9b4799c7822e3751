import { median } from './median.ts';
import type { CellResult } from './results.ts';

/** How many times as fast as the reference a side is, by the medians of their runs: above 1 is faster. */
export function ratioOf(
  { reference, sides }: Pick<CellResult, 'reference' | 'sides'>,
  name: string,
  pick: (samples: readonly number[]) => number = median,
): number | undefined {
  const of = (wanted: string) => pick(sides.find(({ side }) => side === wanted)?.samples ?? []);
  const ratio = of(reference) / of(name);
  return Number.isFinite(ratio) ? ratio : undefined;
}
