import { type Budget, type Cell, cell, oneByOne } from './cell.ts';
import { programJobs } from './jobs/programs.ts';
import { awaited, pgOursAwaited } from './transactions.ts';

/** The cells about programs of mixed statements. */

export const pgAwaited = 'drizzle on pg: each awaited';
export const programSides = [oneByOne, pgAwaited, 'kysely', awaited, pgOursAwaited];
const quickSides = [oneByOne, awaited, pgOursAwaited];

/** In milliseconds. */
const latencies = [0, 0.5, 1, 5, 20];
const callerCounts = [1, 8, 32];

const full: Budget = { seconds: 1.5, runs: { least: 3, most: 8 }, patience: 60 };
/**
 * The cells whose processor time is compared. Those of more callers come behind them, in the same process. With
 * fewer runs, one compilation or garbage collection could decide the median. V8 compiles in the first 3,000
 * transactions of a process, which are made in the seconds before.
 */
const hot: Budget = { seconds: 5, runs: { least: 8, most: 40 }, patience: 60, heat: 10 };
/** On pg drizzle takes one round trip more than ours, so a few percent of the time must be told apart. */
const long: Budget = { ...full, seconds: 7, runs: { least: 8, most: 24 } };
const quick: Budget = { seconds: 0.2, runs: { least: 2, most: 4 }, patience: 10 };

const callersName = (callers: number) => (callers === 1 ? '1 caller' : `${callers} callers`);

export const isProgram = (job: string) => programJobs.some(({ name }) => name === job);

export const programId = (job: string, callers: number, latency: number) =>
  `${job}/${callersName(callers)}/${latency} ms`;

/**
 * The transactions of a run of one caller, by latency: plain drizzle then takes some 300 ms. A quarter of them
 * is even, so that orders have 7.5 lines on average.
 */
const ofOneCaller: Readonly<Record<number, number>> = { 0: 48, 0.5: 16, 1: 16, 5: 4, 20: 2 };

/** A new-order has several times as many statements as the others. */
function sizeOf(job: string, callers: number, latency: number): number {
  const ofOne = Math.max(2, (ofOneCaller[latency] ?? 2) / (job === 'new order' ? 4 : 1));
  return callers === 1 ? ofOne : Math.max(callers, (callers * ofOne) / 4);
}

/** `programAims` are about one caller, without latency and at a millisecond. */
function budgetOf(callers: number, latency: number): Budget {
  if (callers > 1) return full;
  return { 0: hot, 1: long }[latency] ?? full;
}

const programCell = (
  job: string,
  callers: number,
  latency: number,
  { size = sizeOf(job, callers, latency), budget = budgetOf(callers, latency) } = {},
): Cell => ({
  ...cell(job, size, latency, budget),
  id: programId(job, callers, latency),
  callers,
  sides: programSides,
  hasCpu: true,
});

export const programCells = (): Cell[] =>
  programJobs.flatMap(({ name }) =>
    latencies.flatMap((latency) => callerCounts.map((callers) => programCell(name, callers, latency))),
  );

/** With as many transactions a run as the command line names. */
export const programCellsAt = (job: string, size: number, latency: number): Cell[] =>
  callerCounts.map((callers) => programCell(job, callers, latency, { size: Math.max(size, callers) }));

/** A second each. */
export const quickProgramCells = (): Cell[] =>
  programJobs.flatMap(({ name }) =>
    [0, 1].map((latency) => ({ ...programCell(name, 1, latency, { budget: quick }), sides: quickSides })),
  );
