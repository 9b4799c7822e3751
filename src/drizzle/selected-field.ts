import type { Column, SQL } from 'drizzle-orm';

/** A column or expression that `returning()` selects. Selections are in the order of the answer's columns. */
export interface SelectedField {
  readonly path: string[];
  readonly field: Column | SQL | SQL.Aliased;
  /** Decodes a value before the column's own mapping does. Only drizzle 1.0 has it. */
  readonly codec?: (value: any, arrayDimensions: number | undefined) => unknown;
  readonly arrayDimensions?: number;
}
