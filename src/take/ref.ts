/** References to columns of queued rows. */

import { Expression } from '../drizzle/render.ts';
import { columnAt } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { type Entry, Reference } from './entry.ts';

/** The error for a key that was not requested before its insert was written. */
function flushedUnasked(entry: Entry, key: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref('${key}') to ${entry.shape.name}: its insert has been written and nobody had asked for its key; call ref() before that, or chain returning()`,
  );
}

/**
 * A reference to a column of a queued row.
 *
 * @throws {BatchedDrizzleError} `BAD_REFERENCE` if the row or column does not exist, or the value is not
 *   known before the row is written; the message lists the columns that are allowed
 */
export function refer(entry: Entry, key: string, row: number): Reference {
  const { count } = entry;
  if (!Number.isInteger(row) || row < 0 || row >= count) {
    throw new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref('${key}', ${row}): rowIndex is out of range; allowed: 0${count > 1 ? ` to ${count - 1}` : ''}`,
    );
  }
  const { columns } = entry.shape;
  const column = columns.findIndex((candidate) => candidate.key === key);
  const nameable = columns.filter((_, index) => isNameable(entry, row, index));
  if (column === -1 || !isNameable(entry, row, column)) {
    const names = nameable.map((candidate) => `'${candidate.key}'`).join(', ') || 'none of this row';
    const why =
      column === -1 ? 'no such column to insert' : 'its value is not known before the row is written';
    throw new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref('${key}') to ${entry.shape.name}: ${why}; allowed: ${names}`,
    );
  }
  const reference = new Reference(entry, row, column);
  const isWritten = entry.outcome !== undefined && !entry.outcome.error;
  if (isWritten && reference.value() === undefined) throw flushedUnasked(entry, key);
  if (entry.cell(row, column) === undefined) entry.refer(column);
  return reference;
}

function isNameable(entry: Entry, row: number, column: number): boolean {
  const cell = entry.cell(row, column);
  if (cell instanceof Expression) return false;
  return cell !== undefined || columnAt(entry.shape, column).isKeyed;
}
