/** Which trips of a line could be saved. Counts are facts; whether statements need one another's results is not known. */
import { groupBy } from './group-by.ts';
import type { TracedStatement, TracedTrip } from './trace.ts';

/**
 * - `loop`: each statement was issued when the one before it, of the same line, was answered.
 * - `together`: they were issued together, and the driver sent them one after another.
 * - `further`: trips that statements took beside their first one: descriptions, COPY data, cursors.
 * - `ends`: BEGIN, COMMIT and savepoints that travelled alone.
 */
export interface Saving {
  readonly kind: 'loop' | 'together' | 'further' | 'ends';
  /** The statements that it is about; of `further` and `ends` the trips. */
  readonly count: number;
  /** The trips that they took, and those that would be left. */
  readonly trips: number;
  readonly left: number;
}

/**
 * @param trips those of one line of the program, in one kind of transaction
 * @param isKnown the line is known; otherwise nothing shows that statements are repeated by one line
 */
export function findSavings(trips: readonly TracedTrip[], isKnown: boolean): Saving[] {
  const ends = trips.filter(({ kind }) => kind === 'ends').length;
  const further = trips.filter(({ kind }) => kind === 'further').length;
  const carrying = trips.filter(({ kind }) => kind === 'statements' || kind === 'further');
  const [loop, together] = countRepeats(isKnown ? carrying : []);
  return [
    ...(loop.count > 0 ? [{ kind: 'loop', ...loop } as const] : []),
    ...(together.count > 0 ? [{ kind: 'together', ...together } as const] : []),
    ...(further > 0 ? [{ kind: 'further', count: further, trips: further, left: 0 } as const] : []),
    ...(ends > 0 ? [{ kind: 'ends', count: ends, trips: ends, left: 0 } as const] : []),
  ];
}

type Repeats = Omit<Saving, 'kind'>;

/** Counts what one unit, a transaction or a flow, repeats at the line. */
function countRepeats(trips: readonly TracedTrip[]): [loop: Repeats, together: Repeats] {
  const loop = { count: 0, trips: 0, left: 0 };
  const together = { count: 0, trips: 0, left: 0 };
  for (const ofUnit of groupBy(trips, ({ unit }) => unit).values()) {
    const firsts = [...new Set(ofUnit.flatMap(({ statements }) => statements[0] ?? []))];
    if (firsts.length < 2) continue;
    const repeats = isLoop(firsts) ? loop : together;
    repeats.count += firsts.length;
    repeats.trips += ofUnit.length;
    repeats.left += 1;
  }
  return [loop, together];
}

/** Most of them were issued when the one before had been answered. */
function isLoop(statements: readonly TracedStatement[]): boolean {
  const awaited = statements.filter((statement, index) => {
    const before = statements[index - 1];
    return before !== undefined && statement.issued >= before.answered;
  });
  return awaited.length * 2 >= statements.length - 1;
}
