/** A number of round trips that a run must not exceed, for CI. */
import { CommandError } from '../command-error.ts';
import type { Summary } from './summary.ts';
import { counted } from './words.ts';

export interface Budget {
  readonly trips: number;
}

/** @param text as the option has it: `trips=20` */
export function parseBudget(text: string): Budget {
  const trips = /^trips=(\d+)$/.exec(text)?.[1];
  if (trips === undefined)
    throw new CommandError(`--budget ${text}: a number of trips is wanted, as trips=20`);
  return { trips: Number(trips) };
}

const mostPlaces = 3;

/** @returns what was exceeded, with the places that took the most trips; nothing if the budget was kept */
export function describeExcess({ trips, groups }: Summary, budget: Budget): string | undefined {
  if (trips <= budget.trips) return undefined;
  const lines = groups.flatMap((group) => group.lines).toSorted((one, other) => other.trips - one.trips);
  const places = lines
    .slice(0, mostPlaces)
    .map(({ place, what, trips: ofPlace }) => `  ${place}  ${counted(ofPlace, 'trip')}  ${what[0] ?? ''}`);
  const head = `${counted(trips, 'round trip')}, and the budget is ${budget.trips}. Most of them are from`;
  return [head, ...places].join('\n').concat('\n');
}
