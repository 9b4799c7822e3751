import { type Budget, byRows, type Cell, cell, oneByOne, pgOneByOne, pgQueued } from './cell.ts';
import { smallSizes } from './jobs/small.ts';

/** The cells about single transactions: small ones, and many callers on one pool. */

export const queued = 'batched: insert() a row';
export const awaited = 'batched: each awaited';

export const pgOursAwaited = 'batched on pg: each awaited';

/** Plain drizzle's loop on each driver and its rows, the fastest way by hand, and ours on each driver. */
export const smallSides = [
  oneByOne,
  byRows,
  pgOneByOne,
  'unnest by hand',
  queued,
  awaited,
  pgQueued,
  pgOursAwaited,
];
/** The sides of its sweep, which varies the latency. */
export const sweptSides = [oneByOne, byRows, pgOneByOne, queued, pgQueued];
export const loadSides = [oneByOne, pgOneByOne, queued, pgQueued];

/** In milliseconds. */
const latencies = [0.2, 0.5, 1, 5];
/** Measured at 20 ms too. A loop over more rows takes seconds there. */
const farSizes = smallSizes.filter((rows) => rows <= 15);
export const loadLatencies = [0, 1];
/** Each of 32 callers makes 20 transactions. */
export const loadSize = 640;

/** A run takes some milliseconds. With fewer runs, one garbage collection could decide the median. */
const smallFull: Budget = { seconds: 2, runs: { least: 5, most: 60 }, patience: 8, heat: 3 };
/** The largest transactions take seconds in a loop with latency. Their times hardly vary. */
const sweepFull = (rows: number): Budget => ({
  seconds: 0.2,
  runs: { least: rows >= 300 ? 2 : 5, most: 7 },
  patience: 8,
});
const smallQuick: Budget = { seconds: 0.1, runs: { least: 3, most: 4 }, patience: 2 };
const loadFull: Budget = { seconds: 4, runs: { least: 3, most: 5 }, patience: 20 };
const loadQuick: Budget = { seconds: 0.1, runs: { least: 1, most: 3 }, patience: 5 };

/**
 * Without latency a run takes about as long as its tables take to empty. With latency a long transaction is
 * timed alone.
 */
const transactionsOf = (rows: number, latency: number) =>
  latency > 0 ? Math.ceil(6 / rows) : Math.min(20, Math.max(2, Math.ceil(120 / rows)));

export function smallCell(rows: number, latency: number, budget = smallFull): Cell {
  return {
    ...cell('small', rows, latency, budget),
    sides: latency === 0 ? smallSides : sweptSides,
    transactions: transactionsOf(rows, latency),
    hasCpu: latency === 0,
  };
}

export function loadCell(transactions: number, latency: number, budget = loadFull): Cell {
  return { ...cell('under load', transactions, latency, budget), sides: loadSides, hasCpu: true };
}

export const smallCells = (): Cell[] => [
  ...smallSizes.map((rows) => smallCell(rows, 0)),
  ...latencies.flatMap((latency) => smallSizes.map((rows) => smallCell(rows, latency, sweepFull(rows)))),
  ...farSizes.map((rows) => smallCell(rows, 20, sweepFull(rows))),
];

export const loadCells = (): Cell[] => loadLatencies.map((latency) => loadCell(loadSize, latency));

/** A second or two each. */
export const quickCells = (): Cell[] => [
  { ...smallCell(4, 0, smallQuick), sides: [...sweptSides, awaited, pgOursAwaited], transactions: 10 },
  loadCell(32, 0, loadQuick),
];
