import { columnAt } from '../drizzle/table.ts';
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
  const unasked: number[] = [];
  for (let index = 0; index < shape.columns.length + shape.generated.length; index++) {
    const { column, isKeyed } = columnAt(shape, index);
    const isNamed = referencedColumns.has(index) || (isNameable && isKeyed);
    const isReturned = isKeyed && returning?.some(({ field }) => field === column);
    if (isNamed && !isReturned && hasRow(entry, (row) => isOfServer(entry, row, index))) unasked.push(index);
  }
  return unasked;
}

function hasRow({ count }: Entry, isWanted: (row: number) => boolean): boolean {
  for (let row = 0; row < count; row++) if (isWanted(row)) return true;
  return false;
}
