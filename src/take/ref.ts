/** References to columns of queued rows. */

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
  const { columns } = entry.shape;
  const column = columns.findIndex((candidate) => candidate.key === key);
  const named = columns[column];
  if (!named) {
    const names = columns.map((candidate) => `'${candidate.key}'`).join(', ') || 'none of this table';
    throw new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref('${key}') to ${entry.shape.name}: no such column to insert; allowed: ${names}`,
    );
  }
  const reference = new Reference(entry, row, column);
  const isWritten = entry.outcome !== undefined && !entry.outcome.error;
  if (isWritten && reference.value() === undefined) throw flushedUnasked(entry, key, named.isKeyed);
  if (isOfServer(entry, row, column)) entry.refer(column);
  else if (entry.state !== 'taken') noteGiven(reference);
  return reference;
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
