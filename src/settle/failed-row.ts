/** Which row of an insert a database's error speaks of, by its detail: `Key (email)=(ada@example.com) already exists.` */
import type { Serialize } from '../driver/text.ts';
import { Expression } from '../drizzle/render.ts';
import { type Entry, Reference } from '../take/entry.ts';

const keyDetail = /^Key \((?<columns>.+?)\)=\((?<values>.*)\) /s;

/** The row's index; `undefined` where the detail names none of them, or several fit. */
export function findFailedRow(entry: Entry, error: Error, serialize: Serialize): number | undefined {
  const { detail } = error as { detail?: unknown };
  if (entry.count < 2 || typeof detail !== 'string') return undefined;
  const { columns: names, values } = keyDetail.exec(detail)?.groups ?? {};
  const columns = names?.split(', ').map((name) => indexOf(entry, name));
  if (!columns || columns.includes(-1)) return undefined;
  const fitting = Array.from({ length: entry.count }, (_, row) => row).filter(
    (row) => columns.map((column) => textAt(entry, row, column, serialize)).join(', ') === values,
  );
  // Of rows that are alike the database objects to the second, but to the first where the table has it already.
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Of an index the server quotes the names that need it, of a foreign key it does not. */
function indexOf({ shape }: Entry, name: string): number {
  const unquoted = /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
  return shape.columns.findIndex((column) => column.name === unquoted || column.name === name);
}

function textAt(entry: Entry, row: number, column: number, serialize: Serialize): string | undefined {
  const cell = entry.cell(row, column);
  const value = cell instanceof Reference ? cell.value() : cell;
  if (value === undefined || value instanceof Expression) return entry.key(row, column);
  return value === null ? 'null' : serialize(value, 0);
}
