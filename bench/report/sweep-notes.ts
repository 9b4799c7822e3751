import type { CellResult, Results } from '../results.ts';
import { decimals, roughly } from './markdown.ts';
import { middleOf } from './middle.ts';

const side = 'batched: values(rows)';
const defaultRows = 10_000;

/** A sentence about our results in a sweep. */
export function sweepNote(sweep: string, { cells }: Pick<Results, 'cells'>): string | undefined {
  const costs = cells
    .filter((cell) => cell.sweep === sweep)
    .flatMap((cell) => {
      const cost = costOf(cell);
      return cost === undefined ? [] : [{ step: cell.step ?? 0, cost }];
    });
  if (sweep === 'chunk size') return noteOnChunks(costs);
  if (sweep === 'INSERT or COPY') return noteOnCopy(cells.filter((cell) => cell.sweep === sweep));
  return sweep === 'rows' ? noteOnGrowth(costs) : undefined;
}

/** Microseconds per row. */
function costOf(cell: CellResult): number | undefined {
  const ms = middleOf(cell, side);
  return ms === undefined ? undefined : (ms * 1_000) / cell.rows;
}

type Costs = readonly { readonly step: number; readonly cost: number }[];

function noteOnChunks(costs: Costs): string | undefined {
  const best = Math.min(...costs.map(({ cost }) => cost));
  const near = costs.filter(({ cost }) => cost <= best * 1.1).map(({ step }) => decimals(step, 0));
  const ours = costs.find(({ step }) => step === defaultRows);
  if (!ours) return undefined;
  return (
    `Ours is within a tenth of its best at ${near.join(', ')} rows of a statement. The default of ` +
    `${decimals(defaultRows, 0)} takes ${roughly(ours.cost / best)} times what the best takes: it is chosen for the fewest ` +
    'statements and round trips that the plateau allows, and is not larger because a statement holds its rows in the ' +
    "memory of both sides, and is what `statement_timeout` and a failure's second attempt are about."
  );
}

function noteOnCopy(cells: readonly CellResult[]): string | undefined {
  const ratios = cells.flatMap((cell) => {
    const [insert, copy] = [middleOf(cell, side), middleOf(cell, `${side} by COPY`)];
    return insert === undefined || copy === undefined ? [] : [{ rows: cell.step ?? 0, ratio: insert / copy }];
  });
  if (ratios.length === 0) return undefined;
  const said = ratios.map(({ rows, ratio }) => `${roughly(ratio)} at ${decimals(rows, 0)}`);
  return (
    `By INSERT the rows take so many times as long as by COPY: ${said.join(', ')}. COPY costs a round trip more, which is nothing ` +
    'here and all there is on a network; the default takes it where one INSERT does not hold the rows (`copyRows`).'
  );
}

function noteOnGrowth(costs: Costs): string | undefined {
  const [first] = costs;
  const last = costs.at(-1);
  if (!first || !last || first === last) return undefined;
  return (
    `A row of ours costs ${roughly(first.cost)} µs among ${decimals(first.step, 0)} and ${roughly(last.cost)} µs among ` +
    `${decimals(last.step, 0)}: ${roughly(last.cost / first.cost)} times as much.`
  );
}
