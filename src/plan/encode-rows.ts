/** Entries → what is sent of their rows, one caller's bad value being that caller's alone. */

import type { PgTable } from 'drizzle-orm/pg-core';
import type { ValueEncoder } from '../driver/values.ts';
import { Expression, isPlaceholder, type Rendered } from '../drizzle/render.ts';
import { asError } from '../errors.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { unresolved } from '../take/deferred-value.ts';
import { type Cell, DeferredValue, type Entry, Reference } from '../take/entry.ts';
import { type Form, formOf, formsOfTable, type Rows } from '../take/form.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { givenBy } from '../take/rows.ts';

/**
 * A cell that can be sent: a string is text as it stands, and a number is its own text. Other driver values have become
 * text, and a reference that is known its value.
 */
export type EncodedCell = string | number | null | undefined | Reference | Expression;

export interface EncodedEntries {
  /** The rows of entries of which something had to be made; all others are sent as they are. */
  readonly encoded: ReadonlyMap<Entry, Rows<EncodedCell>>;
  /** Entries with a value that their column's type can't take, or with a reference that leads nowhere. */
  readonly rejected: ReadonlyMap<Entry, Error>;
}

/** The rows of an entry that has not been rejected, as they are sent. */
export function encodedRows(encoded: EncodedEntries['encoded'], entry: Entry): Rows<EncodedCell> {
  return (encoded.size === 0 ? undefined : encoded.get(entry)) ?? (entry as Rows<EncodedCell>);
}

/**
 * Tries every value with the client's own serialiser, so that no statement is begun that can't be sent.
 *
 * What is made of the rows stays with them only where it differs from them: the texts of a million rows would be their
 * second copy, and those of a statement its third.
 *
 * @param entries in call order; a reference among them to one that is rejected rejects its entry too.
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
      rejected.set(entry, new BatchedInsertError(ownInsert(entry), asError(error)));
    }
  }
  return { encoded, rejected };
}

/** Asked for references alone, which most batches have none of. */
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

/** @returns `undefined` where the rows can be sent as they are */
function encodeEntry(
  entry: Entry,
  columns: readonly ColumnType[],
  values: ValueEncoder,
): Rows<EncodedCell> | undefined {
  if (entry.conflict) checkExpressionParams(entry.conflict.params, values);
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
    // A batch that is sent again has the keys that it was given the first time.
    const width = entry.shape.columns.length;
    return entry.key(Math.floor(place / width), place % width);
  }
  if (cell instanceof Expression) {
    checkExpressionParams(cell.rendered.params, values);
    return cell;
  }
  const value = cell instanceof Reference ? cell.value() : cell;
  // Its key is made in this flight, or known after an earlier one.
  if (value === undefined) return cell as Reference;
  if (value === null) return null;
  try {
    const text = values.serialize(value, type);
    if (typeof value === 'string') return text;
    // As it will be written again: its text is kept by nobody.
    if (typeof value === 'number') return text === String(value) ? value : text;
    const isCast = base !== undefined && values.isCastFromDeclared(value, base);
    return isCast ? new Expression(parameter(value)) : text;
  } catch (error) {
    const width = entry.shape.columns.length;
    const name = entry.shape.columns[place % width]?.name;
    const { message } = asError(error);
    throw new TypeError(`row ${Math.floor(place / width) + 1}, column "${name}": ${message}`, {
      cause: error,
    });
  }
}

/** A key that is known, or a value that has become an expression, makes another form of its row. */
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

/** A value as the parameter that it is in plain drizzle's statement. */
function parameter(value: unknown): Rendered {
  return { texts: ['', ''], params: [value] };
}

/** Parameters of expressions become text only when their statement is written, too late to reject one caller. */
function checkExpressionParams(params: readonly unknown[], { serialize }: ValueEncoder): void {
  for (const param of params) {
    if (isPlaceholder(param))
      throw new Error('no value was provided for a placeholder; prepare() the insert');
    if (param !== null && !(param instanceof DeferredValue)) serialize(param, 0);
  }
}
