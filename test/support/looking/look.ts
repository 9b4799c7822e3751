import type { TableName } from './tables.ts';

/** SQL that makes a table look around, once or again. The second table is the one that it looks at. */
export type Look = (table: TableName, other: TableName) => string;

/** A look of both tables. So the order of writes among tables shows, as in one sequence or one log. */
export const ofBoth =
  (look: Look): Look =>
  (t, o) =>
    look(t, o) + look(o, t);
