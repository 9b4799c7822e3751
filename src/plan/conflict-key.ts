/** How the rows of entries with a conflict clause are told apart where they share a statement. Pure. */
import { Expression } from '../drizzle/render.ts';
import { type ColumnFacts, columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { clauseKey } from '../take/conflict.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { type EncodedCell, encodedRows } from './encode-rows.ts';
import type { Planning } from './plan-input.ts';

/** What finds the source of a written row: a statement with a conflict clause writes only some of its rows. */
export interface ConflictKey {
  /** The columns, by index, whose values the server compares. */
  readonly columns: readonly number[];
  /**
   * What tells the value of each row from those of others: different texts are different values, though different
   * values may have one text. `undefined` where rows with equal values may share a statement: the first of them
   * is the one that is written.
   */
  readonly values: readonly string[] | undefined;
  /** Entries whose texts agree may share a statement. */
  readonly statementKey: string;
}

/** @returns `undefined` for an entry that only a statement of its own serves as if it had been sent alone */
export function findConflictKey(
  entry: Entry,
  facts: TableFacts | undefined,
  planning: Planning,
): ConflictKey | undefined {
  const clause = entry.conflict && clauseKey(entry.conflict);
  if (clause === undefined || !facts?.plain || facts.secured || !planning.canParse(ordinalType))
    return undefined;
  const input = { entry, facts, planning, rows: rowsOf(entry, planning) };
  const found = entry.conflict?.action === 'update' ? keyOfUpdate(input) : keyOfDoNothing(input);
  return found && { ...found, statementKey: `${clause} ${found.columns} ${found.statementKey}` };
}

/** The rows of an entry with a conflict clause, which few are, as rows. */
function rowsOf(entry: Entry, { encoded }: Planning): EncodedCell[][] {
  const { cells } = encodedRows(encoded, entry);
  const { length } = entry.shape.columns;
  return Array.from({ length: entry.count }, (_, row) => cells.slice(row * length, (row + 1) * length));
}

/** The type in which the server tells the place of a source row. */
const ordinalType = 23;

interface ConflictInput {
  readonly entry: Entry;
  readonly facts: TableFacts;
  readonly planning: Planning;
  readonly rows: readonly (readonly EncodedCell[])[];
}

/** A row that is updated keeps its key, so that nothing but the target tells whose it is. */
function keyOfUpdate(input: ConflictInput): ConflictKey | undefined {
  const { entry, facts } = input;
  const { target, assigned } = entry.conflict ?? { target: [], assigned: new Set() };
  const columns = targetColumns(entry);
  if (!facts.updatable || !columns || target.some((column) => assigned.has(column))) return undefined;
  // What refers to a row follows its new value, or refuses it, when the statement ends.
  const isReferenced = [...assigned].some(
    (column) => facts.columns.get(entry.shape.names.get(column) ?? '')?.referenced !== false,
  );
  return isReferenced ? undefined : distinctKey(input, columns);
}

function keyOfDoNothing(input: ConflictInput): ConflictKey | undefined {
  const { entry, facts, rows } = input;
  const all = [...entry.shape.columns.keys()];
  const key = all.find((column) => {
    const { keys, cast, selectable } = columnFacts(facts, entry.shape, column) ?? {};
    const isLeftOut = rows.every((row) => row[column] === undefined);
    return isLeftOut && keys != null && selectable && canonicalTexts.has(cast ?? '');
  });
  if (key !== undefined) return { columns: [key], values: undefined, statementKey: 'key' };
  const target = targetColumns(entry);
  // Of rows with one target the first is written, or none; outside a partial index all are.
  if (target && !entry.conflict?.isPartial && target.every((column) => isComparable(input, column)))
    return { columns: target, values: undefined, statementKey: 'target' };
  for (const column of all) {
    const conflictKey = distinctKey(input, [column]);
    if (conflictKey) return conflictKey;
  }
  return undefined;
}

function targetColumns({ conflict, shape }: Entry): number[] | undefined {
  const columns = (conflict?.target ?? []).map((target) =>
    shape.columns.findIndex(({ column }) => column === target),
  );
  return columns.length === 0 || columns.includes(-1) ? undefined : columns;
}

/** Whether all rows give a value, and what comes back equals what was sent. */
function isComparable({ entry, facts, rows }: ConflictInput, column: number): boolean {
  const { unique, selectable } = columnFacts(facts, entry.shape, column) ?? {};
  const isGiven = (cell: EncodedCell) => cell !== undefined && cell !== null && !(cell instanceof Expression);
  return unique != null && selectable === true && rows.every((row) => isGiven(row[column]));
}

/** By columns in whose values, together, each row differs from all others that it shares a statement with. */
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
  // A key that is not known yet may be the very value that another row gives.
  if (!isDistinct || values.includes(undefined) || sources.size !== 1) return undefined;
  return { columns, values: values as string[], statementKey: [...sources].join() };
}

/** Where a value comes from, and a text that no other value from there has. */
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

/** As it is on the wire, and without the blanks that a length may cut. */
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
