/** The column whose values `load().keys()` yields. */
import { getTableConfig } from '../drizzle/exports.ts';
import type { TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';

/**
 * The index of the table's primary key in its shape.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION` if it has no primary key, or one of several columns
 */
export function keyColumn(shape: TableShape): number {
  const { columns, primaryKeys } = getTableConfig(shape.table);
  const keys = [...columns.filter(({ primary }) => primary), ...primaryKeys.flatMap((key) => key.columns)];
  const index = shape.columns.findIndex(({ column }) => column === keys[0]);
  if (keys.length !== 1 || index === -1) {
    const has = keys.length === 0 ? 'no primary key' : 'a primary key of several columns';
    throw new BatchedDrizzleError(
      'BAD_OPTION',
      `load: keys(): ${shape.name} has ${has}; allowed: a table with a primary key of one column`,
    );
  }
  return index;
}
