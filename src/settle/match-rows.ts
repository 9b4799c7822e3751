/** The rows of an answer → the rows they belong to. Pure, and guarded: nothing is paired by luck. */
import { BatchedDrizzleError } from '../errors.ts';

/**
 * Puts returned rows in the order of the rows that were sent, told apart by a text of their own.
 *
 * RETURNING promises no order, so a row without its like on the other side is an error, never a guess.
 *
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER`, saying what would have been given to the wrong caller.
 */
export function matchRowsBySentinel<Row>(
  table: string,
  sent: readonly string[],
  returned: readonly Row[],
  identify: (row: Row) => string,
): Row[] {
  const byIdentifier = new Map(returned.map((row) => [identify(row), row]));
  const paired: Row[] = [];
  for (const sentinelColumn of sent) {
    const row = byIdentifier.get(sentinelColumn);
    if (row !== undefined) paired.push(row);
  }
  const sizes = [paired.length, returned.length, byIdentifier.size, new Set(sent).size];
  if (sizes.some((size) => size !== sent.length)) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${table}: ${sent.length} rows sent, ${returned.length} returned, ${paired.length} recognised; callers would have been given others' rows`,
    );
  }
  return paired;
}

/**
 * Puts returned rows at the places of the rows that were sent, each beginning with its place, from 1, and with how
 * many rows were written.
 *
 * @param isComplete every row that was sent was written
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER`, saying what would have been given to the wrong caller.
 */
export function matchRowsByOrdinal<Row extends readonly unknown[]>(
  table: string,
  sent: number,
  returned: readonly Row[],
  isComplete: boolean,
): (Row | undefined)[] {
  const written = Number(returned[0]?.[1] ?? 0);
  const paired: (Row | undefined)[] = new Array(sent).fill(undefined);
  let recognised = 0;
  for (const row of returned) {
    const place = Number(row[0] ?? 0);
    if (!Number.isInteger(place) || place < 1 || place > sent || paired[place - 1]) continue;
    paired[place - 1] = row;
    recognised += 1;
  }
  if (recognised !== returned.length || recognised !== written || (isComplete && recognised !== sent)) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${table}: ${sent} rows sent, ${written} written, ${recognised} recognised; callers would have been given others' rows`,
    );
  }
  return paired;
}
