import { nameForReference } from '../drizzle/table.ts';
import type { Entry } from '../take/entry.ts';
import { isOfServer } from '../take/of-server.ts';

/**
 * The columns of an entry, by index, that RETURNING must name although its caller does not ask for them: a reference names them,
 * or may name them later, and only the server can tell their values.
 *
 * @param isNameable whether a later insert of the transaction may name keys of the entry
 */
export function unaskedColumns(entry: Entry, isNameable: boolean): number[] {
  const { shape, returning, referencedColumns } = entry;
  if (!isNameable && referencedColumns.size === 0) return [];
  return [...shape.columns.entries()].flatMap(([index, column]) => {
    const isWanted = (row: number) =>
      referencedColumns.has(index)
        ? isOfServer(entry, row, index)
        : isNameable && column.isKeyed && entry.cell(row, index) === undefined;
    const isReturned =
      nameForReference(column) === column.name && returning?.some(({ field }) => field === column.column);
    return hasRow(entry, isWanted) && !isReturned ? [index] : [];
  });
}

function hasRow({ count }: Entry, isWanted: (row: number) => boolean): boolean {
  for (let row = 0; row < count; row++) if (isWanted(row)) return true;
  return false;
}
