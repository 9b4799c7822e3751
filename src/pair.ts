/** The rows of an answer → the rows they belong to. Pure, and guarded: nothing is paired by luck. */
import { BatchedDrizzleError } from './errors.ts';

/**
 * Puts returned rows in the order of the rows that were sent, told apart by a text of their own.
 *
 * RETURNING promises no order, so a row without its like on the other side is an error, never a guess.
 *
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER`, saying what would have been given to the wrong caller.
 */
export function pairByIdentifier<Row>(
  table: string,
  sent: readonly string[],
  returned: readonly Row[],
  identify: (row: Row) => string,
): Row[] {
  const byIdentifier = new Map(returned.map((row) => [identify(row), row]));
  const paired: Row[] = [];
  for (const identifier of sent) {
    const row = byIdentifier.get(identifier);
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
