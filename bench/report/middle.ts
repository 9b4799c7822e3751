/** A figure of a side. In a file of its own: whoever needs it does not need the charts' package. */
import { median } from '../median.ts';
import type { CellResult, SideResult } from '../results.ts';

/** The median of its runs in milliseconds; `undefined` if it was not measured. */
export function middleOf(cell: CellResult | undefined, side: string): number | undefined {
  const samples = cell?.sides.find((each: SideResult) => each.side === side)?.samples ?? [];
  return samples.length > 0 ? median(samples) : undefined;
}
