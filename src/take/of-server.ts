/** Which values of a row a reference has to ask the server for. */
import { Expression } from '../drizzle/render.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import type { Conflict } from './conflict.ts';

interface Rows {
  readonly shape: TableShape;
  readonly conflict: Conflict | undefined;
  cell(row: number, column: number): unknown;
  key(row: number, column: number): string | undefined;
}

/** Whether only the server can tell what a row has in a column. */
export function isOfServer(rows: Rows, row: number, column: number): boolean {
  const cell = rows.cell(row, column);
  return cell === undefined || cell instanceof Expression || mayBeAnothers(rows, column);
}

/** An update leaves the row that was there, which has no more in common with the given one than the columns that conflicted. */
function mayBeAnothers({ conflict, shape }: Rows, index: number): boolean {
  if (conflict?.action !== 'update') return false;
  const { column } = columnAt(shape, index);
  return !conflict.target.includes(column) || conflict.assigned.has(column);
}

/** Where a reference points. */
interface Cell {
  readonly entry: Rows;
  readonly row: number;
  readonly column: number;
}

/** Whether the value that a reference stands for is the server's own text, which no serialiser has to see. */
export function isTextOfServer({ entry, row, column }: Cell, value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (value === entry.key(row, column)) return true;
  return !columnAt(entry.shape, column).isKeyed && isOfServer(entry, row, column);
}

/** The value that a reference stands for, as drizzle would pass it to the driver. */
export function paramOf(cell: Cell, value: unknown): unknown {
  if (!isTextOfServer(cell, value)) return value;
  switch (columnAt(cell.entry.shape, cell.column).sqlType) {
    case 'boolean':
      return value === 'true';
    case 'bytea':
      return Buffer.from(value.slice(2), 'hex');
    default:
      return value;
  }
}
