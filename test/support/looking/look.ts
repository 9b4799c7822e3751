import type { TableName } from './tables.ts';

/** SQL that makes a table look around, once or again. The second table is the one that it looks at. */
export type Look = (table: TableName, other: TableName) => string;
