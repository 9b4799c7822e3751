import {
  all,
  allAtOnce,
  type Budget,
  byRows,
  type Cell,
  cell,
  full,
  oneByOne,
  onWay,
  ours,
  pgOneByOne,
  quick,
  warm,
  without,
  withReferences,
  withSides,
} from './cell.ts';
import { programJobs } from './jobs/programs.ts';
import { pgAwaited, programCells, programSides, quickProgramCells } from './program-cells.ts';
import { poolSize } from './sides/side.ts';
import { sweeps } from './sweeps.ts';
import {
  awaited,
  loadCells,
  loadSides,
  pgOursAwaited,
  quickCells,
  smallCells,
  smallSides,
} from './transactions.ts';

export interface Plan {
  readonly cells: readonly Cell[];
  readonly counts: readonly Counted[];
  readonly profiles: readonly { readonly job: string; readonly size: number }[];
  readonly sides: readonly string[];
  /** The number of rounds for the measurements without a server; 0 to skip them. */
  readonly callRounds: number;
  /** The number of inserts that are queued to measure their heap; 0 to skip this. */
  readonly queued: number;
}

export interface Counted {
  readonly job: string;
  readonly size: number;
  /** Only these sides, if not every side that takes part. */
  readonly sides?: readonly string[];
}

export const isFor =
  (side: string) =>
  ({ sides = [side] }: Counted): boolean =>
    sides.includes(side);

/** The same in every mode, since CI compares them with the committed ones. */
export const counts: Plan['counts'] = [
  { job: 'graph', size: 20 },
  { job: 'orders', size: 100 },
  { job: 'await each', size: 20 },
  { job: 'requests', size: 128 },
  { job: 'small', size: 1, sides: smallSides },
  { job: 'small', size: 4, sides: smallSides },
  { job: 'small', size: 15, sides: smallSides.filter((side) => side !== awaited && side !== pgOursAwaited) },
  // One for each connection of the pool.
  { job: 'under load', size: poolSize, sides: loadSides },
  ...programJobs.map(({ name }) => ({ job: name, size: 2, sides: programSides })),
];

/** Measured in both modes, so that the ratios of one can be compared with the other's. */
const commonCells = (budget: Budget): Cell[] => [
  withSides(cell('graph', 100, 0, budget), pgOneByOne),
  withSides(cell('graph', 100, 1, budget), pgOneByOne),
  cell('orders', 1_000, 0, budget),
  cell('wide', 1_000, 0, budget),
  cell('await each', 100, 0, budget),
  cell('requests', 256, 0, budget),
];

/** The sides whose round trips are counted. */
export const withVariants: readonly string[] = [...all, awaited, pgOneByOne, pgAwaited, pgOursAwaited];

export function fullPlan(): Plan {
  return {
    cells: [
      ...commonCells(warm),
      cell('graph', 100, 5, { ...full, runs: { least: 2, most: 15 } }),
      // The slowest sides take 12 seconds a run here, because they wait for each insert. Their times hardly
      // vary.
      withSides(cell('graph', 100, 20, { ...full, runs: { least: 1, most: 15 }, patience: 30 }), pgOneByOne),
      onWay('cold', 100, 20),
      onWay('pooler', 100, 20),
      withReferences(cell('orders', 10_000, 0, warm)),
      withReferences(cell('orders', 100_000, 0, full)),
      cell('wide', 10_000, 0, { ...warm, patience: 4 }),
      cell('await each', 100, 1, full),
      // The loop takes half a minute a run.
      {
        ...cell('await each', 100_000, 0, { ...full, runs: { least: 1, most: 3 }, patience: 120 }),
        sides: [oneByOne, 'batched: each queued'],
      },
      cell('requests', 1_024, 5, full),
      ...smallCells(),
      ...loadCells(),
      ...programCells(),
      ...sweeps(full),
    ],
    counts,
    profiles: [
      { job: 'graph', size: 100 },
      { job: 'orders', size: 10_000 },
      { job: 'await each', size: 1_000 },
    ],
    sides: withVariants,
    callRounds: 100,
    queued: 1_000_000,
  };
}

/** Some of a plan's cells, and nothing else. */
export function ofCells({ cells }: Plan, ids: readonly string[]): Plan {
  const chosen = cells.filter(({ id }) => ids.includes(id));
  return { cells: chosen, counts: [], profiles: [], sides: [], callRounds: 0, queued: 0 };
}

/**
 * The plan for CI, which compares our counts and ratios. The loop takes part only if it is the reference or
 * fast; `Promise.all` would take too long. The programs come first: behind the other cells V8 has compiled the
 * loop's code, but not yet what we run for a select or an update.
 */
export function quickPlan(): Plan {
  const slow = ['graph/100/1 ms', 'orders/1000/0 ms', 'wide/1000/0 ms'];
  return {
    cells: [
      ...quickProgramCells(),
      ...commonCells(quick).map((cell) =>
        slow.includes(cell.id) ? without(cell, allAtOnce, oneByOne, pgOneByOne) : without(cell, allAtOnce),
      ),
      ...quickCells(),
    ],
    counts,
    profiles: [],
    sides: [byRows, ...ours, awaited, pgOursAwaited],
    callRounds: 10,
    queued: 0,
  };
}

/** Our sides and their references, without counts and profiles. */
export function repeatPlan(): Plan {
  return {
    ...ofSides({ ...quickPlan(), cells: commonCells(warm) }, [oneByOne, ...ours]),
    counts: [],
    sides: [],
    callRounds: 0,
  };
}

/** All counts, and what the full plan measures for these jobs. */
export function renewPlan(jobs: readonly string[]): Plan {
  const plan = fullPlan();
  return {
    ...plan,
    cells: plan.cells.filter(({ job }) => jobs.includes(job)),
    profiles: [],
    callRounds: jobs.includes('call cost') ? plan.callRounds : 0,
    queued: jobs.includes('memory') ? plan.queued : 0,
  };
}

/** The plan for some sides, and the references that they are compared with. */
export function ofSides(plan: Plan, named: readonly string[]): Plan {
  const cells = plan.cells.map((cell) => ({
    ...cell,
    sides: cell.sides.filter((side) => side === cell.reference || named.includes(side)),
  }));
  return { ...plan, cells, sides: plan.sides.filter((side) => named.includes(side)) };
}
