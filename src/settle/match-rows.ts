/** Matches the rows of an answer with the rows sent. Pure. A row without a partner is an error. */
import { BatchedDrizzleError } from '../errors.ts';

/**
 * Puts returned rows into the order of the rows sent, by the text of the sentinel column.
 *
 * RETURNING guarantees no order. A row without a partner is therefore an error, never a guess.
 *
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER`: callers would have been given others' rows
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
 * Puts returned rows at the positions of the rows sent. Each begins with its position, from 1, and the count
 * of written rows.
 *
 * @param isComplete every row that was sent must have been written
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER`: callers would have been given others' rows
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
