/** Trips as bars on lanes, one lane for each line of the program. */
import { groupBy } from '../group-by.ts';
import { placeOf } from '../summary.ts';
import { endsOrBegins, kindsOf, type TracedTrip, type TripKind } from '../trace.ts';

/** One trip, or several that are too close to be told apart. */
export interface Bar {
  readonly kind: TripKind;
  /** From 0 to 1, of the span that is drawn. */
  readonly from: number;
  readonly to: number;
  readonly trips: number;
  /** Of its first trip. */
  readonly at: number;
  readonly ms: number;
  readonly what: string;
}

export interface Lane {
  readonly place: string;
  readonly what: string;
  readonly trips: number;
  readonly statements: number;
  readonly bars: readonly Bar[];
}

/** The time that a drawing shows, in milliseconds of the trace. */
export interface Span {
  readonly from: number;
  readonly ms: number;
}

/** Bars that begin within one such part of the span are drawn as one. So a lane has a few hundred at most. */
const parts = 800;

/** Lanes in the order of their first trips. */
export function layOut(trips: readonly TracedTrip[], span: Span): Lane[] {
  return [...groupBy(trips, laneOf)].map(([place, ofLane]) => {
    const statements = new Set(ofLane.flatMap((trip) => trip.statements));
    const kinds = kindsOf([...statements]);
    return {
      place,
      what: kinds.slice(0, 2).join(', ') + (kinds.length > 2 ? ', …' : ''),
      trips: ofLane.length,
      statements: [...statements].filter((statement) => !endsOrBegins(statement)).length,
      bars: thin(ofLane.map((trip) => barOf(trip, span))),
    };
  });
}

const laneOf = (trip: TracedTrip): string => (trip.kind === 'connecting' ? 'connecting' : placeOf(trip));

export function spanOf(trips: readonly TracedTrip[]): Span {
  const from = trips.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY);
  const to = trips.reduce((last, { at, ms }) => Math.max(last, at + ms), 0);
  return { from, ms: Math.max(to - from, 0.001) };
}

function barOf({ kind, at, ms, statements }: TracedTrip, span: Span): Bar {
  const from = (at - span.from) / span.ms;
  const what = statements.length > 1 ? `${statements.length} statements` : (statements[0]?.what ?? '');
  return { kind, from, to: from + ms / span.ms, trips: 1, at: at - span.from, ms, what };
}

function thin(bars: readonly Bar[]): Bar[] {
  const drawn: Bar[] = [];
  for (const bar of bars) {
    const last = drawn.at(-1);
    const isClose = last && bar.to - last.from < 1 / parts;
    if (isClose)
      drawn.splice(-1, 1, { ...last, to: Math.max(last.to, bar.to), trips: last.trips + bar.trips });
    else drawn.push(bar);
  }
  return drawn;
}
