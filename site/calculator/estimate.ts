/** The trips and the time of a transaction: latency for each trip, and what client and server need without it. */
import type { Costs, Measured, SideCosts } from './costs.ts';
import { ourTrips, type Program, plainTrips } from './trips.ts';

export interface Estimate {
  readonly trips: number;
  /** Milliseconds of waiting for the network. */
  readonly network: number;
  /** Milliseconds of client and server. Nothing if the benchmark has not measured it on this driver. */
  readonly work?: number;
}

export interface Comparison {
  readonly plain: Estimate;
  readonly ours: Estimate;
}

export function compare(program: Program, latency: number, costs: Costs): Comparison {
  const { plain, ours } = costs.sides[program.driver];
  const estimate = (trips: number, side: SideCosts): Estimate => ({
    trips,
    network: trips * latency,
    work: workOf(program, side),
  });
  return { plain: estimate(plainTrips(program), plain), ours: estimate(ourTrips(program), ours) };
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
