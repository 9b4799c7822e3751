/**
 * Finds the entry and the row that a database error is about, from its detail: `Key (email)=(ada@example.com) already
 * exists.`
 */
import type { DriverErrors } from '../driver/errors.ts';
import type { Serialize } from '../driver/text.ts';
import { getTableName } from '../drizzle/exports.ts';
import { Expression } from '../drizzle/render.ts';
import { type Entry, Reference } from '../take/entry.ts';

const keyDetail = /^Key \((?<columns>.+?)\)=\((?<values>.*)\) /s;

/** The row's index. `undefined` if no row matches the detail, or several do. */
export function findFailedRow(entry: Entry, error: Error, serialize: Serialize): number | undefined {
  if (entry.count < 2) return undefined;
  const fitting = fittingRows(entry, error, serialize);
  // Equal rows are ambiguous: the database rejects the second, or the first if the table already has the key.
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The entries of a refused statement that the error may be about: one if its detail names a row, else all of its table. */
export function suspectsOf(
  entries: readonly Entry[],
  error: Error,
  { tableOf }: DriverErrors,
  serialize: Serialize,
): readonly Entry[] {
  const table = tableOf(error);
  // The constraint may be that of a partition, which no schema knows.
  const isNamed = entries.some((entry) => nameOf(entry) === table);
  const ofTable = isNamed ? entries.filter((entry) => nameOf(entry) === table) : entries;
  const owners = ofTable.filter((entry) => fittingRows(entry, error, serialize).length > 0);
  return owners.length === 1 ? owners : ofTable;
}

const nameOf = ({ shape }: Entry): string => getTableName(shape.table);

function fittingRows(entry: Entry, error: Error, serialize: Serialize): number[] {
  const { detail } = error as { detail?: unknown };
  const { columns: names, values } = keyDetail.exec(typeof detail === 'string' ? detail : '')?.groups ?? {};
  const columns = names?.split(', ').map((name) => indexOf(entry, name));
  if (!columns || columns.includes(-1)) return [];
  return Array.from({ length: entry.count }, (_, row) => row).filter(
    (row) => columns.map((column) => textAt(entry, row, column, serialize)).join(', ') === values,
  );
}

/** The index of a column. The server quotes names in the detail of an index, but not of a foreign key. */
function indexOf({ shape }: Entry, name: string): number {
  const unquoted = /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
  return shape.columns.findIndex((column) => column.name === unquoted || column.name === name);
}

function textAt(entry: Entry, row: number, column: number, serialize: Serialize): string | undefined {
  const cell = entry.cell(row, column);
  const value = cell instanceof Reference ? cell.value() : cell;
  if (value === undefined || value instanceof Expression) return entry.key(row, column);
  return (value === null ? null : serialize(value, 0)) ?? 'null';
}
