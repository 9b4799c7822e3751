import type { Answer } from '../driver/statement.ts';
import { columnAt } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import type { KeyList, Keys } from '../take/key-run.ts';

/**
 * Stores the keys of each list.
 *
 * @throws {BatchedDrizzleError} `MISMATCHED_ANSWER` if the count differs from the number of keys asked for
 */
export function readKeys(lists: readonly KeyList[], answer: Answer): void {
  const row = answer[0] ?? [];
  for (const [index, list] of lists.entries()) {
    const keys = parseKeys(String(row[index + 1] ?? ''));
    if (keys.length !== list.size) {
      const column = `${list.shape.name}.${columnAt(list.shape, list.column).name}`;
      const message = `${list.size} keys of ${column} asked for, ${keys.length} came; rows would have been given others' keys`;
      throw new BatchedDrizzleError('MISMATCHED_ANSWER', message);
    }
    list.keys = keys;
  }
}

function parseKeys(text: string): Keys {
  const [, first, last] = /^(-?\d+):(-?\d+)$/.exec(text) ?? [];
  return first === undefined || last === undefined
    ? text.split(',').filter((key) => key !== '')
    : rangeOfKeys(BigInt(first), BigInt(last));
}

function rangeOfKeys(first: bigint, last: bigint): Keys {
  const isSmall = Number.isSafeInteger(Number(first)) && Number.isSafeInteger(Number(last));
  const start = Number(first);
  return {
    length: Number(last - first) + 1,
    at: (index) => String(isSmall ? start + index : first + BigInt(index)),
  };
}
