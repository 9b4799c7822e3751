/** What a column of a queued row will be, before anybody knows it. */
import { Param, SQL, StringChunk } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { DriverValue, Entry } from './entry.ts';
import { BatchedDrizzleError } from './errors.ts';
import { Expression } from './expression.ts';

/**
 * Stands for the value that a column of a queued row will have. drizzle takes it wherever it takes SQL; an
 * insert of the same queue finds the key in the server, by position.
 */
export class Reference<T = unknown> extends SQL<T> {
  /** The row that has the value, where a reference names a column that itself holds a reference. */
  readonly origin: Reference;

  constructor(
    readonly entry: Entry,
    readonly row: number,
    readonly column: number,
  ) {
    super([]);
    const cell = entry.cell(row, column);
    this.origin = cell instanceof Reference ? cell.origin : this;
    const encoder = {
      mapToDriverValue: () => {
        const value = this.value();
        return value === undefined ? new LateValue(this) : value;
      },
    };
    this.queryChunks.push(new Param<unknown, unknown>(undefined, encoder));
    const { column: target, isKeyed } = entry.shape.columns[column] ?? {};
    // A parameter alone in a select list would come back as text.
    if (target && isKeyed) this.queryChunks.push(new StringChunk(keyCast(target)));
    if (target) this.mapWith(target);
  }

  /** The value where it is known, given by the caller or made by the server; of a failed insert there is none. */
  value(): DriverValue | null | undefined {
    const { entry, row, column } = this.origin;
    if (entry.outcome?.error) return undefined;
    const made = entry.made(row, column);
    if (made !== undefined) return made as DriverValue | null;
    const cell = entry.cell(row, column);
    return cell instanceof Expression || cell instanceof Reference ? undefined : cell;
  }

  get name(): string {
    return `${this.entry.shape.name}.${this.entry.shape.columns[this.column]?.name}`;
  }
}

/** A key's type as a cast, `::integer` for a serial column. */
function keyCast(column: PgColumn): string {
  return `::${column.getSQLType().replace('serial', 'int')}`;
}

/** A reference among the parameters of a statement that was built before its insert was written. */
export class LateValue {
  constructor(readonly reference: Reference) {}

  /** @throws {BatchedDrizzleError} `BAD_REFERENCE` where the insert has failed or is not written yet. */
  resolve(): unknown {
    const value = this.reference.value();
    if (value !== undefined) return value;
    throw unresolved(this.reference);
  }
}

/** A key that nobody asked for while it could still be had. */
function flushedUnasked(entry: Entry, key: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref('${key}') to ${entry.shape.name}: its insert has been written and nobody had asked for its key; call ref() before that, or chain returning()`,
  );
}

/** Why a reference has no value, `failure` being what befell its insert where that is not settled yet. */
export function unresolved(reference: Reference, failure?: Error): BatchedDrizzleError {
  const { outcome } = reference.entry;
  const cause = outcome?.error ?? failure;
  if (cause) {
    return new BatchedDrizzleError('BAD_REFERENCE', `ref to ${reference.name}: its insert failed`, { cause });
  }
  if (outcome) {
    return new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref to ${reference.name}: its row was not written, a conflict clause or a trigger left it out`,
    );
  }
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref to ${reference.name}: its insert is not written yet; flush() the database or transaction it was made on first`,
  );
}

/**
 * A reference to a column of a queued row.
 *
 * @throws {BatchedDrizzleError} `BAD_REFERENCE` where the row or column does not exist, or the column's value
 *   is not known before the row is written; the message says which columns can be named.
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
  return cell !== undefined || (entry.shape.columns[column]?.isKeyed ?? false);
}
