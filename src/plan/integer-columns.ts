import { columnAt, type TableShape } from '../drizzle/table.ts';

/** The types that drizzle calls integers; each takes any integer by assignment, which checks the range. */
export function isIntegerColumn(shape: TableShape, column: number): boolean {
  return /^Pg(Small|Big)?(Serial|Int(?!erval))/.test(shape.columns[column]?.column.columnType ?? '');
}

/** Whether a value is kept as an integer. What is not declared as a key or NOT NULL may be NULL, which is none. */
export function isKeptAsInteger(shape: TableShape, index: number): boolean {
  const { isKeyed, column } = columnAt(shape, index);
  return isIntegerColumn(shape, index) && (isKeyed || column.notNull);
}
