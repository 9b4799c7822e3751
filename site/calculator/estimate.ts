/** The trips and the time of a transaction: latency for each trip, and what client and server need without it. */
import type { Costs, Measured, SideCosts } from './costs.ts';
import { ourTrips, type Program, plainTrips } from './trips.ts';

export interface Estimate {
  readonly trips: number;
  /** Milliseconds of waiting for the network. */
  readonly network: number;
  /** Milliseconds of client and server. Nothing if the benchmark has not measured it of both sides on this driver. */
  readonly work?: number;
}

export interface Comparison {
  readonly plain: Estimate;
  readonly ours: Estimate;
}

export function compare(program: Program, latency: number, costs: Costs): Comparison {
  const { plain, ours } = costs.sides[program.driver];
  const works = { plain: workOf(program, plain), ours: workOf(program, ours) };
  // The work of one side alone would make the other look better than it is.
  const areKnown = works.plain !== undefined && works.ours !== undefined;
  const estimate = (trips: number, work: number | undefined): Estimate => ({
    trips,
    network: trips * latency,
    work: areKnown ? work : undefined,
  });
  return { plain: estimate(plainTrips(program), works.plain), ours: estimate(ourTrips(program), works.ours) };
}

function workOf({ inserts, statements, way }: Program, side: SideCosts): number | undefined {
  const ofInserts = inserts === 0 ? 0 : between(side.inserts[way], inserts);
  const ofOne = statements === 0 ? 0 : side.statement;
  if (ofInserts === undefined || ofOne === undefined) return undefined;
  return ofInserts + statements * ofOne;
}

/** A straight line between two measured sizes. Below the smallest and above the largest it is proportional. */
export function between(measured: Measured, rows: number): number | undefined {
  const upper = measured.findIndex(([size]) => size >= rows);
  const [size, ms] = measured.at(upper) ?? [];
  if (size === undefined || ms === undefined) return undefined;
  const lower = upper === -1 ? undefined : measured[upper - 1];
  if (lower === undefined) return (ms * rows) / size;
  const [before, least] = lower;
  return least + ((ms - least) * (rows - before)) / (size - before);
}
