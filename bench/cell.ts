import { programJobs } from './jobs/programs.ts';
import { sides } from './sides/index.ts';

/**
 * How a run is connected: on a new connection that was opened before the clock started, or through PgBouncer
 * in transaction mode.
 */
export type Way = 'cold' | 'pooler';

/** One job of one size at one latency, to be measured. */
export interface Cell {
  readonly id: string;
  readonly job: string;
  readonly size: number;
  readonly latency: number;
  readonly chunk?: number;
  /** The number of transactions in a timed run, if they are too short to be timed one at a time. */
  readonly transactions?: number;
  /** The number of callers who share the pool, for the jobs whose number varies. */
  readonly callers?: number;
  /** Whether the processor time of each run is measured too. */
  readonly hasCpu?: boolean;
  /** How the sides are connected, if not by a warm connection of their own. */
  readonly way?: Way;
  readonly sweep?: string;
  readonly step?: number;
  readonly sides: readonly string[];
  readonly reference: string;
  /** The runs of one side may take so many seconds together. */
  readonly seconds: number;
  /** The least and the most runs of a side, whatever `seconds` is. */
  readonly runs: { readonly least: number; readonly most: number };
  /** A side is skipped if a run takes more seconds than this. */
  readonly patience: number;
  /** For so many seconds a side is run before, so that its code is compiled; 0 if absent. */
  readonly heat?: number;
}

export const all = sides
  .filter(({ isReference, isVariant }) => !isReference && !isVariant)
  .map(({ name }) => name);
export const ours = sides.filter(({ isOurs, isVariant }) => isOurs && !isVariant).map(({ name }) => name);
export const byRows = 'drizzle: multi-row';
export const oneByOne = 'drizzle: loop';
/** Plain drizzle's loop on node-postgres, and ours beside it. */
export const pgOneByOne = 'drizzle on pg: loop';
export const pgQueued = 'batched on pg: insert() a row';
export const allAtOnce = 'drizzle: Promise.all';

export type Budget = Pick<Cell, 'seconds' | 'runs' | 'patience' | 'heat'>;

export const full: Budget = { seconds: 0.6, runs: { least: 3, most: 15 }, patience: 8 };
/** Runs of a few milliseconds are too few to have their code compiled, so each side first runs for a second. */
export const warm: Budget = { ...full, heat: 1 };
export const quick: Budget = { seconds: 0.2, runs: { least: 5, most: 7 }, patience: 2 };

/** The jobs that are compared with plain drizzle's loop. */
const byOne = ['await each', 'requests', 'small', 'under load', ...programJobs.map(({ name }) => name)];

export function cell(job: string, size: number, latency: number, budget: Budget): Cell {
  return {
    id: `${job}/${size}/${latency} ms`,
    job,
    size,
    latency,
    sides: all,
    reference: byOne.includes(job) ? oneByOne : byRows,
    ...budget,
  };
}

export const without = (cell: Cell, ...names: string[]): Cell => ({
  ...cell,
  sides: cell.sides.filter((name) => !names.includes(name)),
});

export const withSides = (cell: Cell, ...names: string[]): Cell => ({
  ...cell,
  sides: sides
    .filter(({ name }) => names.includes(name) || cell.sides.includes(name))
    .map(({ name }) => name),
});

/** Adds the sides that return no ids, to show how far the others are from them. */
export const withReferences = (cell: Cell): Cell =>
  withSides(cell, ...sides.filter(({ isReference }) => isReference).map(({ name }) => name));

/** Our sides, and the fastest of the others when they wait for the network. */
const onOtherWays = [
  byRows,
  'postgres.js: helper',
  'kysely',
  'pg-promise: helpers',
  'unnest by hand',
  ...ours,
];

export const onWay = (way: Way, size: number, latency: number): Cell => ({
  ...cell('graph', size, latency, { ...full, seconds: 0.3, runs: { least: 5, most: 9 } }),
  id: `graph/${size}/${latency} ms, ${way}`,
  way,
  sides: onOtherWays,
});
