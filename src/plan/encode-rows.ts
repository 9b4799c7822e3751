/** Entries → encoded rows. A value that can't be encoded rejects only the entry of its own caller. */

import type { PgTable } from 'drizzle-orm/pg-core';
import type { ValueEncoder } from '../driver/values.ts';
import { Expression, isPlaceholder } from '../drizzle/render.ts';
import { asError } from '../errors.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { unresolved } from '../take/deferred-value.ts';
import { type Cell, type Entry, Reference } from '../take/entry.ts';
import { type Form, formOf, formsOfTable, type Rows } from '../take/form.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { isTextOfServer } from '../take/of-server.ts';
import { givenBy } from '../take/rows.ts';
import { textIfAny } from '../take/snapshot.ts';

/**
 * A cell that can be sent. A string is sent unchanged, and a number as its own text.
 * Other driver values are text already. A known reference has been replaced by its value.
 */
export type EncodedCell = string | number | null | undefined | Reference | Expression;

export interface EncodedEntries {
  /** The rows of entries that encoding changed. All others are sent as they are. */
  readonly encoded: ReadonlyMap<Entry, Rows<EncodedCell>>;
  /**
   * Entries with a value that their column's type can't take, or with a reference to a row that will not
   * exist.
   */
  readonly rejected: ReadonlyMap<Entry, Error>;
}

/** The encoded rows of an entry that was not rejected. */
export function encodedRows(encoded: EncodedEntries['encoded'], entry: Entry): Rows<EncodedCell> {
  return (encoded.size === 0 ? undefined : encoded.get(entry)) ?? (entry as Rows<EncodedCell>);
}

/**
 * Encodes every value with the client's own serialiser, so that no statement starts that can't be sent.
 *
 * Encoded rows are kept only if they differ from the entry's own. The texts of a million rows would be a
 * second copy of them, and the statement a third.
 *
 * @param entries in call order; a rejected entry also rejects the entries that refer to it
 */
export function encodeRows(
  entries: readonly Entry[],
  facts: ReadonlyMap<PgTable, TableFacts | undefined>,
  values: ValueEncoder,
): EncodedEntries {
  const encoded = new Map<Entry, Rows<EncodedCell>>();
  const rejected = new Map<Entry, Error>();
  const isPresent = presence(entries);
  const types = new Map<PgTable, readonly ColumnType[]>();
  const leadsNowhere = (reference: Reference): boolean => {
    const parent = reference.origin.entry;
    const isFailed = rejected.has(parent) || parent.outcome?.error !== undefined;
    return isFailed || (reference.value() === undefined && !isPresent(parent));
  };
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as Entry;
    const dead = entry.references.length > 0 ? entry.references.find(leadsNowhere) : undefined;
    if (dead) {
      const cause = rejected.get(dead.origin.entry);
      rejected.set(entry, new BatchedInsertError(ownInsert(entry), unresolved(dead.origin, cause)));
      continue;
    }
    try {
      const { table } = entry.shape;
      const columns = types.get(table) ?? declaredTypes(entry, facts.get(table));
      types.set(table, columns);
      const rows = encodeEntry(entry, columns, values);
      if (rows) encoded.set(entry, rows);
    } catch (error) {
      rejected.set(entry, rejectionOf(entry, error));
    }
  }
  return { encoded, rejected };
}

/** The driver refuses a value of the row. Its error is the cause, as in drizzle. */
class UnfitValue extends Error {
  constructor(
    override readonly cause: Error,
    place: string,
    readonly isTextThrown: boolean,
  ) {
    super(place);
  }
}

function rejectionOf(entry: Entry, error: unknown): Error {
  if (!(error instanceof UnfitValue)) return new BatchedInsertError(ownInsert(entry), asError(error));
  // drizzle's own error lists the parameters, and can't be made.
  if (error.isTextThrown) return error.cause;
  const rejection = new BatchedInsertError(ownInsert(entry), error.cause);
  rejection.message += ` (${error.message})`;
  return rejection;
}

/** Builds its set at the first question. Only references ask, and most batches have none. */
function presence(entries: readonly Entry[]): (entry: Entry) => boolean {
  let present: Set<Entry> | undefined;
  return (entry) => {
    present ??= new Set(entries);
    return present.has(entry);
  };
}

interface ColumnType {
  readonly type: number;
  readonly base: number | undefined;
}

function declaredTypes({ shape }: Entry, facts: TableFacts | undefined): ColumnType[] {
  return shape.columns.map(({ name }) => {
    const { type = 0, base } = facts?.columns.get(name) ?? {};
    return { type, base };
  });
}

/** @returns `undefined` if the rows can be sent as they are */
function encodeEntry(
  entry: Entry,
  columns: readonly ColumnType[],
  values: ValueEncoder,
): Rows<EncodedCell> | undefined {
  if (entry.conflict) checkExpressionParams(entry.conflict.params);
  const { cells } = entry;
  const width = columns.length;
  let encoded: EncodedCell[] | undefined;
  for (let place = 0, column = -1; place < cells.length; place++) {
    column = column + 1 === width ? 0 : column + 1;
    const cell = cells[place];
    if (cell === null || (cell === undefined && !entry.allotted)) continue;
    const sent = encodeCell(entry, cell, place, columns[column] as ColumnType, values);
    if (Object.is(sent, cell)) continue;
    encoded ??= [...(cells as readonly EncodedCell[])];
    encoded[place] = sent;
  }
  return encoded && { cells: encoded, forms: formsAfter(entry, encoded) };
}

function encodeCell(
  entry: Entry,
  cell: NonNullable<Cell> | undefined,
  place: number,
  { type, base }: ColumnType,
  values: ValueEncoder,
): EncodedCell {
  if (cell === undefined) {
    // A batch that is sent again keeps the keys of its first attempt.
    const width = entry.shape.columns.length;
    return entry.key(Math.floor(place / width), place % width);
  }
  if (cell instanceof Expression) {
    checkExpressionParams(cell.rendered.params);
    return cell;
  }
  const value = cell instanceof Reference ? cell.value() : cell;
  // The flight makes its key, or an earlier flight's answer provides it.
  if (value === undefined) return cell as Reference;
  if (value === null) return null;
  if (cell instanceof Reference && isTextOfServer(cell.origin, value)) return value;
  try {
    const text = values.serialize(value, type);
    if (typeof value === 'string') return text;
    // The statement makes the text again, so keeping it here would only cost memory.
    if (typeof value === 'number') return text === String(value) ? value : text;
    const isCast = base !== undefined && values.isCastFromDeclared(value, base);
    // The parameter that it is in plain drizzle's statement.
    return isCast ? new Expression({ texts: ['', ''], params: [value] }) : text;
  } catch (error) {
    const width = entry.shape.columns.length;
    const name = entry.shape.columns[place % width]?.name;
    const where = `row ${Math.floor(place / width) + 1}, column "${name}"`;
    throw new UnfitValue(asError(error), where, typeof value === 'object' && textIfAny(value) === undefined);
  }
}

/** A known key, or a value that became an expression, changes the form of its row. */
function formsAfter(entry: Entry, encoded: readonly EncodedCell[]): Form | readonly Form[] {
  const width = entry.shape.columns.length;
  const differs = encoded.some((cell, place) => {
    const given = formOf(entry, Math.floor(place / width)).columns[place % width];
    return givenBy(cell) !== given;
  });
  if (!differs) return entry.forms;
  return Array.from({ length: entry.count }, (_, row) => {
    const cells = encoded.slice(row * width, (row + 1) * width);
    return cells.reduce<Form>((form, cell) => form.with(givenBy(cell)), formsOfTable(entry.shape).empty);
  });
}

/** Checks an expression's parameters early. When the statement is written it is too late to reject one caller. */
function checkExpressionParams(params: readonly unknown[]): void {
  if (!params.some(isPlaceholder)) return;
  throw new Error('no value was provided for a placeholder; prepare() the insert');
}
