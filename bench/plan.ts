import { columnCounts, jobNamed, jobNames, keyCounts } from './jobs/job.ts';
import { sides } from './sides/index.ts';

/** One job of one size at one latency, to be measured. */
export interface Cell {
  readonly id: string;
  readonly job: string;
  readonly size: number;
  readonly latency: number;
  readonly chunk?: number;
  readonly sweep?: string;
  readonly step?: number;
  readonly sides: readonly string[];
  readonly reference: string;
  /** Seconds that the runs of one side may take together … */
  readonly seconds: number;
  /** … but so many runs at least, and at most. */
  readonly runs: { readonly least: number; readonly most: number };
  /** Seconds that a run may take, or its side is skipped. */
  readonly patience: number;
}

export interface Plan {
  readonly cells: readonly Cell[];
  readonly counts: readonly { readonly job: string; readonly size: number }[];
  readonly profiles: readonly { readonly job: string; readonly size: number }[];
  readonly sides: readonly string[];
  /** Rounds of what needs no server; none where it is not asked for. */
  readonly callRounds: number;
}

const all = sides.map(({ name }) => name);
const byRows = 'drizzle: multi-row';
const oneByOne = 'drizzle: loop';

/** The same in every mode, since CI compares them with the committed ones. */
const counts: Plan['counts'] = [
  { job: 'graph', size: 20 },
  { job: 'orders', size: 100 },
  { job: 'await each', size: 20 },
  { job: 'requests', size: 128 },
];

type Budget = Pick<Cell, 'seconds' | 'runs' | 'patience'>;

const full: Budget = { seconds: 0.6, runs: { least: 3, most: 15 }, patience: 8 };
const quick: Budget = { seconds: 0.25, runs: { least: 5, most: 7 }, patience: 2 };

function cell(job: string, size: number, latency: number, budget: Budget): Cell {
  return {
    id: `${job}/${size}/${latency} ms`,
    job,
    size,
    latency,
    sides: all,
    reference: job === 'await each' || job === 'requests' ? oneByOne : byRows,
    ...budget,
  };
}

/** What both modes measure, so that a ratio of the one can be compared with the other's. */
const commonCells = (budget: Budget): Cell[] => [
  cell('graph', 100, 0, budget),
  cell('graph', 100, 1, budget),
  cell('orders', 1_000, 0, budget),
  cell('wide', 1_000, 0, budget),
  cell('await each', 100, 0, budget),
  cell('requests', 256, 0, budget),
];

export function fullPlan(): Plan {
  return {
    cells: [
      ...commonCells(full),
      cell('graph', 100, 5, full),
      // The slowest take 12 seconds a run here, which is what the job is about.
      cell('graph', 100, 20, { ...full, runs: { least: 2, most: 15 }, patience: 30 }),
      cell('orders', 10_000, 0, full),
      cell('orders', 100_000, 0, full),
      cell('wide', 10_000, 0, full),
      cell('await each', 100, 1, full),
      cell('requests', 1_024, 5, full),
      ...sweeps({ ...full, seconds: 0.8 }),
    ],
    counts,
    profiles: [
      { job: 'graph', size: 100 },
      { job: 'orders', size: 10_000 },
    ],
    sides: all,
    callRounds: 100,
  };
}

export function quickPlan(): Plan {
  return { cells: commonCells(quick), counts, profiles: [], sides: all, callRounds: 10 };
}

/** Ours and what they are compared with, where counts and profiles are not asked for. */
export function repeatPlan(): Plan {
  const ours = sides.filter(({ isOurs }) => isOurs).map(({ name }) => name);
  return {
    ...ofSides({ ...quickPlan(), cells: commonCells(full) }, [oneByOne, ...ours]),
    counts: [],
    sides: [],
    callRounds: 0,
  };
}

/** What one asks for by name; what is not named is taken as usual. */
export interface Chosen {
  readonly jobs: readonly string[];
  readonly sides: readonly string[];
  readonly sizes: readonly number[];
  readonly latencies: readonly number[];
}

const usualSizes: Record<string, number> = { graph: 100, 'await each': 100, requests: 256 };

export function chosenPlan({ jobs, sides: named, sizes, latencies }: Chosen): Plan {
  const chosen = new Set(jobs.length > 0 ? jobs : jobNames);
  const cells = [...chosen]
    .filter((job) => job !== 'call cost')
    .flatMap((job) =>
      orElse(sizes, usualSizes[job] ?? 1_000).flatMap((size) =>
        orElse(latencies, 0).map((latency) => ({ ...cell(job, size, latency, full), patience: 60 })),
      ),
    );
  const plan: Plan = {
    cells,
    counts: counts.filter(({ job }) => chosen.has(job)),
    profiles: cells.filter(({ latency }) => latency === 0),
    sides: cells.length > 0 ? all : [],
    callRounds: chosen.has('call cost') ? 100 : 0,
  };
  return named.length > 0 ? ofSides(plan, named) : plan;
}

const orElse = (given: readonly number[], usual: number) => (given.length > 0 ? given : [usual]);

/** The plan for some sides, and those that they are compared with. */
export function ofSides(plan: Plan, named: readonly string[]): Plan {
  const cells = plan.cells.map((cell) => ({
    ...cell,
    sides: cell.sides.filter((side) => side === cell.reference || named.includes(side)),
  }));
  return { ...plan, cells, sides: plan.sides.filter((side) => named.includes(side)) };
}

/** Few sides, many sizes. */
const swept = [byRows, 'unnest by hand', 'COPY', 'batched: insert() a row', 'batched: values(rows)'];
const mostParameters = 65_534;

function sweeps(budget: Budget): Cell[] {
  const step = (sweep: string, step: number, job: string, size: number, more: Partial<Cell> = {}): Cell => ({
    ...cell(job, size, 0, budget),
    id: `${sweep} ${step}`,
    sweep,
    step,
    sides: swept,
    ...more,
  });
  const chunks = [100, 500, 1_000, 2_000, 5_000, 10_000, 25_000];
  const perOrder = jobNamed('orders').tables[0]?.columns.length ?? 1;
  return [
    ...chunks.map((chunk) =>
      step('chunk size', chunk, 'orders', 50_000, {
        chunk,
        // COPY has no chunks, and as many parameters are not to be had.
        sides: swept.filter(
          (side) => side !== 'COPY' && (side !== byRows || chunk * perOrder <= mostParameters),
        ),
      }),
    ),
    ...columnCounts.map((count) => step('columns', count, `columns_${count}`, 5_000)),
    ...keyCounts.map((count) => step('secondary indexes', count, `indexed_${count}`, 10_000)),
    ...keyCounts.map((count) => step('foreign keys', count, `referring_${count}`, 10_000)),
    ...[1_000, 10_000, 100_000, 1_000_000].map((size) =>
      step('rows', size, 'orders', size, {
        patience: 60,
        runs: { least: size === 1_000_000 ? 2 : 3, most: 15 },
      }),
    ),
  ];
}
