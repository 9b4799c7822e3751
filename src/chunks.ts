/** Rows → chunks: what one statement can say, no larger than one statement should be. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { type Entry, Expression } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import type { KeyLists } from './key-lists.ts';
import type { Chunk, EncodedCell, PlannedCell } from './plan.ts';
import { mustStandAlone, type Planning, type TablePlan } from './plan-table.ts';
import { Reference } from './reference.ts';
import { columnFacts } from './table-facts.ts';

/**
 * @param entries of one level of tables, in call order
 * @param keepsOrder statements may not change places, so that only neighbours share one
 */
export function makeChunks(
  { encoded, maxRows, maxBytes, isLone }: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  keepsOrder: boolean,
  keys: KeyLists,
): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new Map<string, Chunk>();
  const tables = [...planned.keys()];
  let previous = '';
  for (const [number, entry] of entries.entries()) {
    const { shape } = entry;
    const table = planned.get(shape.table);
    if (!table) continue;
    const { facts } = table;
    const rows = encoded.get(entry) ?? [];
    const alone = mustStandAlone(entry, rows, table, isLone);
    // Rows that share a statement have every key that is named taken ahead, else they stand alone.
    const named = alone ? [...table.named(entry)] : [];
    for (const [row, encodedCells] of rows.entries()) {
      const cells = encodedCells.map((cell, column) => {
        if (cell instanceof Reference) return keys.placeOf(cell);
        const taken = cell === undefined && table.allocated.has(column) && columnFacts(facts, shape, column);
        return taken ? keys.take(entry, row, column, taken) : cell;
      });
      const kind = alone
        ? `alone ${number}`
        : `${tables.indexOf(shape.table)} ${kindOf(entry, row, encodedCells, table)}`;
      if (keepsOrder && kind !== previous) open.clear();
      previous = kind;
      const chunk = getOrInsert(open, kind, () => {
        const begun: Chunk = { shape, facts, rows: [], alone, told: new Set(), bytes: 0, params: 0 };
        chunks.push(begun);
        return begun;
      });
      chunk.rows.push({ entry, row, cells });
      chunk.bytes += entry.bytes / entry.rows.length;
      chunk.params += cells.reduce((sum, cell) => sum + paramsOf(cell), 0);
      for (const column of named) if (cells[column] === undefined || entry.conflict) chunk.told.add(column);
      // The statement of an entry that stands alone is plain drizzle's, as long as drizzle could send it.
      const isFull = alone
        ? !entry.conflict && chunk.params >= mostParams
        : chunk.rows.length >= maxRows || chunk.bytes >= maxBytes;
      if (isFull) {
        open.delete(kind);
        keys.breakOff();
      }
    }
  }
  return chunks;
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
