/** A trace by transactions, and each of them by the lines of the program. */
import { groupBy } from './group-by.ts';
import { findSavings, type Saving } from './savings.ts';
import { endsOrBegins, kindsOf, type Trace, type TracedTrip } from './trace.ts';

/** The trips of one line of the program. */
export interface LineSummary {
  /** `app.ts:12`, or `(place not known)`. */
  readonly place: string;
  /** The verbs and tables of its statements. */
  readonly what: readonly string[];
  readonly statements: number;
  readonly trips: number;
  /** Milliseconds. */
  readonly waited: number;
  /** Who called the function of this line, if more than one of the program's functions is on the stack. */
  readonly callers: readonly { readonly chain: string; readonly trips: number }[];
  readonly savings: readonly Saving[];
}

/** Transactions that begin at one place, or everything outside of transactions. */
export interface GroupSummary {
  readonly kind: 'transaction' | 'outside';
  /** Where the transactions begin. */
  readonly place: string | undefined;
  readonly transactions: number;
  /** Without BEGIN, COMMIT and savepoints. */
  readonly statements: number;
  readonly trips: number;
  readonly waited: number;
  readonly lines: readonly LineSummary[];
}

/** What the report, `--json` and the budget show. */
export interface Summary {
  readonly processes: number;
  /** Without those of connecting. */
  readonly trips: number;
  readonly statements: number;
  readonly waited: number;
  /** Trips at the start of connections. */
  readonly connecting: number;
  readonly drivers: readonly string[];
  readonly groups: readonly GroupSummary[];
}

export const unknownPlace = '(place not known)';

/** The place of a trip is that of its first statement that is not BEGIN. */
export function placeOf({ statements }: TracedTrip): string {
  const known = statements.filter(({ callers }) => callers.length > 0);
  const [frame] = (known.find((statement) => !endsOrBegins(statement)) ?? known[0])?.callers ?? [];
  return frame ? `${frame.file}:${frame.line}` : unknownPlace;
}

export function summarize({ processes, trips }: Trace): Summary {
  const own = ownTrips(trips);
  const groups = groupTrips(own).map(summarizeGroup);
  const drivers = new Set(own.flatMap(({ statements }) => statements.flatMap(({ driver }) => driver ?? [])));
  return {
    processes,
    ...totals(own),
    connecting: trips.length - own.length,
    drivers: [...drivers],
    groups,
  };
}

/** Those that the program needs, and not the start of a connection. */
export function ownTrips(trips: readonly TracedTrip[]): TracedTrip[] {
  return trips.filter(({ kind }) => kind !== 'connecting');
}

/** The trips of each group, the largest group first. A transaction begins at the place of its first trip. */
export function groupTrips(trips: readonly TracedTrip[]): TracedTrip[][] {
  const places = new Map<string, string>();
  for (const trip of trips) if (!places.has(trip.unit)) places.set(trip.unit, placeOf(trip));
  const nameOf = ({ inTransaction, unit }: TracedTrip) =>
    inTransaction ? `transaction ${places.get(unit)}` : 'outside';
  return [...groupBy(trips, nameOf).values()].toSorted((one, other) => other.length - one.length);
}

export function summarizeGroup(trips: readonly TracedTrip[]): GroupSummary {
  const first = trips[0] as TracedTrip;
  const kind = first.inTransaction ? 'transaction' : 'outside';
  const lines = [...groupBy(trips, placeOf)].map(([place, ofPlace]) => summarizeLine(place, ofPlace));
  return {
    kind,
    place: first.inTransaction ? placeOf(first) : undefined,
    transactions: first.inTransaction ? new Set(trips.map(({ unit }) => unit)).size : 0,
    ...totals(trips),
    lines: lines.toSorted((one, other) => other.trips - one.trips),
  };
}

function summarizeLine(place: string, trips: readonly TracedTrip[]): LineSummary {
  const chains = groupBy(trips, chainOf);
  chains.delete('');
  return {
    place,
    what: kindsOf(trips.flatMap(({ statements }) => statements)),
    ...totals(trips),
    callers: [...chains]
      .map(([chain, { length }]) => ({ chain, trips: length }))
      .toSorted((one, other) => other.trips - one.trips),
    savings: findSavings(trips, place !== unknownPlace),
  };
}

/** The callers of the function, the nearest two. */
function chainOf({ statements }: TracedTrip): string {
  const frames = statements.find(({ callers }) => callers.length > 0)?.callers.slice(1, 3) ?? [];
  return frames.map(({ file, line, function: name }) => `${name || '(top)'} ${file}:${line}`).join(' < ');
}

function totals(trips: readonly TracedTrip[]): { statements: number; trips: number; waited: number } {
  const statements = new Set(trips.flatMap((trip) => trip.statements));
  return {
    statements: [...statements].filter((statement) => !endsOrBegins(statement)).length,
    trips: trips.length,
    waited: trips.reduce((sum, { ms }) => sum + ms, 0),
  };
}
