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
    const isNamed = referencedColumns.has(index) || (isNameable && column.isKeyed);
    const isReturned = column.isKeyed && returning?.some(({ field }) => field === column.column);
    return isNamed && !isReturned && hasRow(entry, (row) => isOfServer(entry, row, index)) ? [index] : [];
  });
}

function hasRow({ count }: Entry, isWanted: (row: number) => boolean): boolean {
  for (let row = 0; row < count; row++) if (isWanted(row)) return true;
  return false;
}
