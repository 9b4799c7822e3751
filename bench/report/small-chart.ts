import { shapeOf } from '../jobs/small.ts';
import type { Results } from '../results.ts';
import { isOurs } from '../sides/index.ts';
import { sweptSides } from '../transactions.ts';
import type { Chart } from './charts.ts';
import { middleOf } from './middle.ts';
import { panels } from './panels.ts';

/** The time of a small transaction by its rows, with a panel for each latency. */
export function smallChart({ cells }: Results): Chart | undefined {
  const steps = cells.filter(({ job }) => job === 'small');
  const sizes = [...new Set(steps.map(({ size }) => size))].sort((a, b) => a - b);
  const latencies = [...new Set(steps.map(({ latency }) => latency))].sort((a, b) => a - b);
  if (sizes.length < 2) return undefined;
  // A side may be newer than the results.
  const names = sweptSides.filter((name) => steps.some((step) => middleOf(step, name) !== undefined));
  const drawn = latencies.map((latency) => ({
    title: latency === 0 ? 'no latency' : `${latency} ms`,
    lines: names.map((name) => ({
      name,
      isOurs: isOurs(name),
      values: sizes.map((size) =>
        middleOf(
          steps.find((step) => step.size === size && step.latency === latency),
          name,
        ),
      ),
    })),
  }));
  const alt = 'Milliseconds of a small transaction, by its rows and by latency';
  return {
    file: 'small.svg',
    alt,
    svg: panels(alt, { name: 'users + addresses', steps: sizes.map(shapeOf) }, 'ms', drawn),
  };
}
