/**
 * Finds the columns that identify the source of each written row in a shared `ON CONFLICT` statement. Pure.
 */
import { Expression } from '../drizzle/render.ts';
import { type ColumnFacts, columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { type Conflict, clauseKey } from '../take/conflict.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { type EncodedCell, encodedRows } from './encode-rows.ts';
import { needsServerTypes } from './parameter-types.ts';
import type { Planning } from './plan-input.ts';

/** Finds the source of a written row. A statement with a conflict clause may write only some of its rows. */
export interface ConflictKey {
  /** The columns, by index, whose values the server compares. */
  readonly columns: readonly number[];
  /**
   * A text for each row's value. Different texts mean different values, but different values may share a
   * text.
   * `undefined` if rows with equal values may share a statement. The server then writes the first of them.
   */
  readonly values: readonly string[] | undefined;
  /** Entries with equal texts may share a statement. */
  readonly statementKey: string;
}

/** @returns `undefined` if only a statement of its own treats the entry as if it were sent alone */
export function findConflictKey(
  entry: Entry,
  facts: TableFacts | undefined,
  planning: Planning,
): ConflictKey | undefined {
  const { conflict } = entry;
  const clause = conflict && clauseKey(conflict);
  if (!conflict || clause === undefined || !facts?.plain || facts.secured || !planning.canParse(ordinalType))
    return undefined;
  // A statement that is described is drizzle's own.
  if (needsServerTypes(conflict, entry.shape, undefined, planning.values)) return undefined;
  const input = { entry, conflict, facts, planning, rows: rowsOf(entry, planning) };
  const found = conflict.action === 'update' ? keyOfUpdate(input) : keyOfDoNothing(input);
  return found && { ...found, statementKey: `${clause} ${found.columns} ${found.statementKey}` };
}

/** Splits the cells into rows. Few entries have a conflict clause, so the copies are cheap. */
function rowsOf(entry: Entry, { encoded }: Planning): EncodedCell[][] {
  const { cells } = encodedRows(encoded, entry);
  const { length } = entry.shape.columns;
  return Array.from({ length: entry.count }, (_, row) => cells.slice(row * length, (row + 1) * length));
}

/** The type of the source row's number in the answer: `int4`. */
const ordinalType = 23;

interface ConflictInput {
  readonly entry: Entry;
  readonly conflict: Conflict;
  readonly facts: TableFacts;
  readonly planning: Planning;
  readonly rows: readonly (readonly EncodedCell[])[];
}

/** An update leaves the row its old key, so only the conflict target identifies the source. */
function keyOfUpdate(input: ConflictInput): ConflictKey | undefined {
  const { entry, conflict, facts } = input;
  const { target, assigned } = conflict;
  const columns = targetColumns(input);
  if (!facts.updatable || !columns || target.some((column) => assigned.has(column))) return undefined;
  // If the column is referenced, other rows change with its new value, or refuse it, at the end of the
  // statement.
  const isReferenced = [...assigned].some(
    (column) => facts.columns.get(entry.shape.names.get(column) ?? '')?.referenced !== false,
  );
  return isReferenced ? undefined : distinctKey(input, columns);
}

function keyOfDoNothing(input: ConflictInput): ConflictKey | undefined {
  const { entry, conflict, facts, rows } = input;
  const all = [...entry.shape.columns.keys()];
  const key = all.find((column) => {
    const { keys, cast, selectable } = columnFacts(facts, entry.shape, column) ?? {};
    const isLeftOut = rows.every((row) => row[column] === undefined);
    return isLeftOut && keys != null && selectable && canonicalTexts.has(cast ?? '');
  });
  if (key !== undefined) return { columns: [key], values: undefined, statementKey: 'key' };
  const target = targetColumns(input);
  // Of rows with the same target the server writes the first or none. Outside a partial index it writes all.
  if (target && !conflict.isPartial && target.every((column) => isComparable(input, column)))
    return { columns: target, values: undefined, statementKey: 'target' };
  for (const column of all) {
    const conflictKey = distinctKey(input, [column]);
    if (conflictKey) return conflictKey;
  }
  return undefined;
}

function targetColumns({ conflict, entry }: ConflictInput): number[] | undefined {
  const columns = conflict.target.map((target) =>
    entry.shape.columns.findIndex(({ column }) => column === target),
  );
  return columns.length === 0 || columns.includes(-1) ? undefined : columns;
}

/** Whether all rows give a value, and the returned value equals the one that was sent. */
function isComparable({ entry, facts, rows }: ConflictInput, column: number): boolean {
  const { unique, selectable } = columnFacts(facts, entry.shape, column) ?? {};
  const isGiven = (cell: EncodedCell) => cell !== undefined && cell !== null && !(cell instanceof Expression);
  return unique != null && selectable === true && rows.every((row) => isGiven(row[column]));
}

/** A key of columns whose combined values differ in all rows of the statement. */
function distinctKey(input: ConflictInput, columns: readonly number[]): ConflictKey | undefined {
  const { entry, facts, planning, rows } = input;
  const sources = new Set<string>();
  const values = rows.map((row) => {
    const cells = columns.map((column) => {
      if (!isComparable(input, column)) return undefined;
      return cellKey(row[column], columnFacts(facts, entry.shape, column), planning);
    });
    sources.add(JSON.stringify(cells.map((cell) => cell?.source)));
    return cells.includes(undefined) ? undefined : JSON.stringify(cells.map((cell) => cell?.key));
  });
  const isDistinct = new Set(values).size === rows.length;
  // An unknown key may equal a value that another row gives.
  if (!isDistinct || values.includes(undefined) || sources.size !== 1) return undefined;
  return { columns, values: values as string[], statementKey: [...sources].join() };
}

/** The source of a value, and a text that no other value of that source has. */
function cellKey(
  cell: EncodedCell,
  facts: ColumnFacts | undefined,
  { placeOf }: Planning,
): { source: string; key: string } | undefined {
  const canonical = canonicalTexts.get(facts?.cast ?? '');
  if (!canonical) return undefined;
  if (cell instanceof Reference) {
    const { entry, row, column } = cell.origin;
    const place = placeOf(entry);
    if (place === undefined) return undefined;
    return { source: `${entry.shape.name}.${column}`, key: `${place}.${row}` };
  }
  const text = typeof cell === 'number' ? String(cell) : cell;
  const key = typeof text === 'string' ? canonical(text) : undefined;
  return key === undefined ? undefined : { source: '', key };
}

function canonicalInteger(text: string): string | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? String(BigInt(text)) : undefined;
}

function canonicalUuid(text: string): string | undefined {
  const digits = text.replaceAll(/[-{}]/g, '').toLowerCase();
  return /^[\da-f]{32}$/.test(digits) ? digits : undefined;
}

/** The text as it is on the wire, without trailing blanks, since a length may cut them. */
function canonicalCharacters(text: string): string {
  return Buffer.from(text).toString().replace(/ +$/, '');
}

const canonicalTexts: ReadonlyMap<string, (text: string) => string | undefined> = new Map([
  ['pg_catalog.int2', canonicalInteger],
  ['pg_catalog.int4', canonicalInteger],
  ['pg_catalog.int8', canonicalInteger],
  ['pg_catalog.uuid', canonicalUuid],
  ['pg_catalog.text', canonicalCharacters],
  ['pg_catalog."varchar"', canonicalCharacters],
  ['pg_catalog.bpchar', canonicalCharacters],
]);
