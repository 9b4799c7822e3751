/** How often a flight waits for the server. */

import { CopyStatement, hasRawValues, type Statement } from '../driver/statement.ts';
import type { FlightEnd } from './send-flight.ts';

export interface Flown {
  readonly statements: readonly Statement[];
  /** The driver describes each statement with parameters, and not only those with raw values. */
  readonly describes: boolean;
  /** COPY leaves with its data, unless an answer is needed to make them. */
  readonly copiesAhead?: boolean | undefined;
  /** The flight need not wait for BEGIN's answer. */
  readonly mayFollow: boolean;
  readonly end: FlightEnd;
}

/**
 * One, if everything leaves together. BEGIN and COMMIT count if they travel apart. A description waits for all answers before
 * it, and what follows waits for the answer of its statement.
 */
export function countRoundTrips({ statements, describes, copiesAhead, mayFollow, end }: Flown): number {
  // Data that wait for the server cost a round trip. The statements behind COPY leave with the data.
  const copies = statements.filter(
    (statement, place) =>
      statement instanceof CopyStatement && !(copiesAhead && (statement.isReady || place === 0)),
  ).length;
  const waitsForBegin = !mayFollow && !statements.every(({ guarded }) => guarded);
  const described = statements.map((statement) =>
    describes ? statement.params.length > 0 : hasRawValues(statement),
  );
  const isLate = end === 'late' && !waitsForBegin && copies === 0;
  if (!described.includes(true)) return copies + (waitsForBegin || isLate ? 2 : 1);
  if (!mayFollow) described.unshift(false);
  if (end !== 'open') described.push(false);
  return described.reduce((trips, isDescribed, place) => {
    if (isDescribed) return trips + 2;
    const travelsAlong = place > 0 && !described[place - 1] && !(waitsForBegin && place === 1);
    return travelsAlong ? trips : trips + 1;
  }, copies);
}
