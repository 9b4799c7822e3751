import { type Cell, cell, full, onWay, pgOneByOne, withReferences, withSides } from './cell.ts';
import { jobNames } from './jobs/index.ts';
import { programJobs } from './jobs/programs.ts';
import { counts, isFor, ofSides, type Plan, withVariants } from './plan.ts';
import { isProgram, programCells, programCellsAt } from './program-cells.ts';
import { loadCell, loadCells, loadSize, smallCell, smallCells } from './transactions.ts';

/** The parts that a command line names. The defaults are used for the rest. */
export interface Chosen {
  readonly jobs: readonly string[];
  readonly sides: readonly string[];
  readonly sizes: readonly number[];
  readonly latencies: readonly number[];
}

const usualSizes: Record<string, number> = {
  graph: 100,
  'await each': 100,
  requests: 256,
  small: 4,
  'under load': loadSize,
  ...Object.fromEntries(programJobs.map(({ name }) => [name, 32])),
};

export function chosenPlan({ jobs, sides: named, sizes, latencies }: Chosen): Plan {
  const chosen = new Set(jobs.length > 0 ? jobs : jobNames);
  const cells = jobNames.filter((job) => chosen.has(job)).flatMap((job) => jobCells(job, sizes, latencies));
  const counted = counts.filter(({ job }) => chosen.has(job));
  // The other cells measure processor time themselves.
  const profiles = cells.filter(({ latency, hasCpu }) => latency === 0 && hasCpu === undefined);
  const plan: Plan = {
    cells,
    counts: counted,
    profiles,
    sides: withVariants.filter((side) => profiles.length > 0 || counted.some(isFor(side))),
    callRounds: chosen.has('call cost') ? 100 : 0,
    queued: chosen.has('memory') ? (sizes[0] ?? 1_000_000) : 0,
  };
  return named.length > 0 ? ofSides(plan, named) : plan;
}

function jobCells(job: string, sizes: readonly number[], latencies: readonly number[]): Cell[] {
  if (sizes.length + latencies.length === 0) {
    if (job === 'small') return smallCells();
    if (job === 'under load') return loadCells();
    if (isProgram(job)) return programCells().filter((cell) => cell.job === job);
  }
  return orElse(sizes, usualSizes[job] ?? 1_000).flatMap((size) =>
    orElse(latencies, 0).flatMap((latency) => chosenCells(job, size, latency)),
  );
}

/** The usual cell of the job. With latency there are also the cells of the other ways to connect. */
function chosenCells(job: string, size: number, latency: number): Cell[] {
  if (job === 'small') return [{ ...smallCell(size, latency), patience: 60 }];
  if (job === 'under load') return [{ ...loadCell(size, latency), patience: 60 }];
  if (isProgram(job)) return programCellsAt(job, size, latency);
  const usual = { ...cell(job, size, latency, full), patience: 60 };
  if (job === 'orders') return [withReferences(usual)];
  if (job !== 'graph') return [usual];
  const graph = withSides(usual, pgOneByOne);
  if (latency === 0) return [graph];
  return [graph, ...(['cold', 'pooler'] as const).map((way) => onWay(way, size, latency))];
}

const orElse = (given: readonly number[], usual: number) => (given.length > 0 ? given : [usual]);
