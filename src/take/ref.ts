/** References to columns of queued rows. */

import { columnAt, type InsertColumn, type TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { type Entry, Reference } from './entry.ts';
import { isOfServer } from './of-server.ts';

/** The error for a value that was not requested before its insert was written. */
function flushedUnasked(entry: Entry, key: string, isKeyed: boolean): BatchedDrizzleError {
  const why = isKeyed
    ? 'nobody had asked for its key; call ref() before that, or chain returning()'
    : 'no ref() had named the column; call it before that';
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref('${key}') to ${entry.shape.name}: its insert has been written and ${why}`,
  );
}

/**
 * A reference to a column of a queued row.
 *
 * @throws {BatchedDrizzleError} `BAD_REFERENCE` if the row or column does not exist, or the row is written already and its value
 *   is not known; the message says what is allowed
 */
export function refer(entry: Entry, key: string, row: number): Reference {
  const { count } = entry;
  if (!Number.isInteger(row) || row < 0 || row >= count) {
    throw new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref('${key}', ${row}): rowIndex is out of range; allowed: 0${count > 1 ? ` to ${count - 1}` : ''}`,
    );
  }
  const column = indexOf(entry.shape, key);
  const { isKeyed } = columnAt(entry.shape, column);
  const reference = new Reference(entry, row, column);
  const isWritten = entry.outcome !== undefined && !entry.outcome.error;
  if (isWritten && reference.value() === undefined) throw flushedUnasked(entry, key, isKeyed);
  if (isOfServer(entry, row, column)) entry.refer(column);
  else if (entry.state !== 'taken') noteGiven(reference);
  return reference;
}

/** @throws {BatchedDrizzleError} `BAD_REFERENCE` if there is no such column */
function indexOf({ columns, generated, name }: TableShape, key: string): number {
  const hasKey = (column: InsertColumn): boolean => column.key === key;
  const index = columns.findIndex(hasKey);
  if (index >= 0) return index;
  const behind = generated.findIndex(hasKey);
  if (behind >= 0) return columns.length + behind;
  const names = [...columns, ...generated].map((column) => `'${column.key}'`).join(', ');
  throw new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref('${key}') to ${name}: no such column; allowed: ${names || 'none of this table'}`,
  );
}

function noteGiven(reference: Reference): void {
  const { entry } = reference;
  entry.namedAsGiven ??= [];
  entry.namedAsGiven.push(reference);
}

/** A conflict clause has been chained: an update may leave other values than those that were given. */
export function referAgain(entry: Entry): void {
  for (const reference of entry.namedAsGiven ?? []) {
    const { row, column } = reference;
    if (!isOfServer(entry, row, column)) continue;
    reference.origin = reference;
    entry.refer(column);
  }
}
