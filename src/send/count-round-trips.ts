/** How often a flight waits for the server. */

import { CopyStatement, type Statement } from '../driver/statement.ts';
import type { FlightEnd } from './send-flight.ts';

export interface Flown {
  readonly statements: readonly Statement[];
  /** The driver describes each statement with parameters first, and then waits for all answers before it. */
  readonly describes: boolean;
  /** BEGIN has been answered before the flight leaves. */
  readonly hasBegun: boolean;
  readonly end: FlightEnd;
}

/** One, if everything leaves together. BEGIN and COMMIT count if they travel apart. */
export function countRoundTrips({ statements, describes, hasBegun, end }: Flown): number {
  // The server asks for COPY's data, which costs a round trip. The statements behind COPY leave with the
  // data.
  const copies = statements.filter((statement) => statement instanceof CopyStatement).length;
  const begins = !hasBegun && statements.some(({ guarded }) => !guarded);
  const isLate = end === 'late' && !begins && copies === 0;
  if (!describes) return copies + (begins || isLate ? 2 : 1);
  const described = statements.map(({ params }) => params.length > 0);
  if (!hasBegun) described.unshift(false);
  if (end !== 'open') described.push(false);
  return described.reduce((trips, isDescribed, place) => {
    if (isDescribed) return trips + 2;
    const travelsAlong = place > 0 && !described[place - 1];
    return travelsAlong ? trips : trips + 1;
  }, copies);
}
