/** Rows → chunks: what one statement can say, no larger than one statement should be. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { type Entry, Expression } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import type { KeyLists } from './key-lists.ts';
import type { Chunk, EncodedCell, PlannedCell } from './plan.ts';
import type { Match } from './plan-conflict.ts';
import { mustStandAlone, type Planning, type TablePlan } from './plan-table.ts';
import { Reference } from './reference.ts';
import { columnFacts } from './table-facts.ts';

/**
 * @param entries of one level of tables, in call order
 * @param keepsOrder statements may not change places, so that only neighbours share one
 */
export function makeChunks(
  planning: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  keepsOrder: boolean,
  keys: KeyLists,
): Chunk[] {
  const { encoded, maxRows, maxBytes } = planning;
  const chunks: Chunk[] = [];
  const open = new Map<string, Chunk>();
  const tables = [...planned.keys()];
  let previous = '';
  const close = (kind: string): void => {
    open.delete(kind);
    keys.breakOff();
  };
  for (const [number, entry] of entries.entries()) {
    const { shape } = entry;
    const table = planned.get(shape.table);
    if (!table) continue;
    const { facts } = table;
    const rows = encoded.get(entry) ?? [];
    const { match, kinds } = howToShare(entry, rows, table, planning);
    const alone = kinds === undefined;
    // Rows that share a statement have every key that is named taken ahead, else they stand alone.
    const named = alone || match ? [...table.named(entry)] : [];
    for (const [row, encodedCells] of rows.entries()) {
      const kind = alone ? `alone ${number}` : `${tables.indexOf(shape.table)} ${kinds[row]}`;
      if (keepsOrder && kind !== previous) open.clear();
      previous = kind;
      const begun = open.get(kind);
      if (match && row === 0 && begun && !hasRoom(begun, entry, match, planning)) close(kind);
      const cells = encodedCells.map((cell, column) => {
        if (cell instanceof Reference) return keys.placeOf(cell);
        const taken = cell === undefined && table.allocated.has(column) && columnFacts(facts, shape, column);
        return taken ? keys.take(entry, row, column, taken) : cell;
      });
      const chunk = getOrInsert(open, kind, () => {
        const shared = match && { columns: match.columns, values: match.values && new Set<string>() };
        const counted = { bytes: 0, params: 0 };
        const made: Chunk = { shape, facts, rows: [], alone, match: shared, told: new Set(), ...counted };
        chunks.push(made);
        return made;
      });
      chunk.rows.push({ entry, row, cells });
      chunk.bytes += entry.bytes / entry.rows.length;
      chunk.params += cells.reduce((sum, cell) => sum + paramsOf(cell), 0);
      const value = match?.values?.[row];
      if (value !== undefined) chunk.match?.values?.add(value);
      for (const column of named) if (cells[column] === undefined || entry.conflict) chunk.told.add(column);
      // The statement of an entry that stands alone is plain drizzle's, as long as drizzle could send it.
      const isFull = alone
        ? chunk.params >= mostParams
        : chunk.rows.length >= maxRows || chunk.bytes >= maxBytes;
      // A conflict clause sees all rows of its statement.
      if (isFull && !entry.conflict) close(kind);
    }
  }
  return chunks.map(aloneIfLeftSo);
}

/** @returns the kind of each row, unless the entry stands alone */
function howToShare(
  entry: Entry,
  rows: readonly (readonly EncodedCell[])[],
  table: TablePlan,
  { isLone }: Planning,
): { match?: Match | undefined; kinds?: readonly string[] } {
  if (mustStandAlone(entry, rows, table, isLone)) return {};
  const kinds = rows.map((cells, row) => kindOf(entry, row, cells, table));
  if (!entry.conflict) return { kinds };
  const match = table.matches.get(entry);
  // A statement with a conflict clause has all rows of an entry.
  return match && new Set(kinds).size === 1
    ? { match, kinds: kinds.map((kind) => `${kind} ${match.kind}`) }
    : {};
}

/** Whether a statement takes a whole entry more, and none of its rows twice: those go in turn. */
function hasRoom(
  { rows, bytes, match }: Chunk,
  entry: Entry,
  { values }: Match,
  { maxRows, maxBytes }: Planning,
): boolean {
  if (rows.length + entry.rows.length > maxRows || bytes + entry.bytes > maxBytes) return false;
  return !values?.some((value) => match?.values?.has(value));
}

/** A conflict clause that no other entry has come to share needs no more than drizzle's own statement. */
function aloneIfLeftSo(chunk: Chunk): Chunk {
  const isShared = chunk.rows.some(({ entry }) => entry !== chunk.rows[0]?.entry);
  return chunk.match && !isShared ? { ...chunk, alone: true, match: undefined } : chunk;
}

/** Well below the 65,534 of the protocol, so that one more row has its place. */
const mostParams = 50_000;

/** How many parameters a cell takes where it is not part of an array. */
function paramsOf(cell: PlannedCell): number {
  return cell instanceof Expression ? cell.rendered.params.length : cell === undefined ? 0 : 1;
}

/** Rows of one kind can be said by one statement. */
function kindOf(
  entry: Entry,
  row: number,
  cells: readonly EncodedCell[],
  { facts, allocated }: TablePlan,
): string {
  let kind = `${entry.overriding ? 'o' : ''}${facts?.secured && entry.returning ? 'r' : ''} `;
  for (const [column, cell] of cells.entries()) {
    const isAlways = columnFacts(facts, entry.shape, column)?.always === true;
    // A value given for GENERATED ALWAYS must fail, so it can't share the OVERRIDING of allocated keys.
    const isGiven = entry.rows[row]?.[column] !== undefined;
    if (cell === undefined && !allocated.has(column)) kind += '-';
    else kind += !isAlways ? 'v' : isGiven ? 'g' : 'k';
  }
  return kind;
}
