import { getTableColumns } from 'drizzle-orm';
import { CasingCache } from 'drizzle-orm/casing';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';

export type Casing = 'snake_case' | 'camelCase';

/** A column of the table that rows are loaded into. */
export interface TargetColumn {
  /** The property of the table object. */
  readonly key: string;
  /** The name in the database, after `casing`. */
  readonly name: string;
  readonly column: PgColumn;
  /** Whether the database generates every value, so that a row can't contain one. */
  readonly isGenerated: boolean;
  /** Whether every row must have a value. */
  readonly isRequired: boolean;
}

export function targetColumns(table: PgTable, casing?: Casing): TargetColumn[] {
  const names = new CasingCache(casing);
  return Object.entries<PgColumn>(getTableColumns(table)).map(([key, column]) => {
    const isGenerated = column.generated !== undefined || column.generatedIdentity?.type === 'always';
    return {
      key,
      name: names.getColumnCasing(column),
      column,
      isGenerated,
      isRequired: column.notNull && !column.hasDefault && !isGenerated,
    };
  });
}
