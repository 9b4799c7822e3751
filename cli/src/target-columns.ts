import { getTableColumns } from 'drizzle-orm';
import { CasingCache } from 'drizzle-orm/casing';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { CommandError } from './command-error.ts';

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

/**
 * The columns of the primary key, which say for `--on-conflict update` which row is there already.
 *
 * @throws {CommandError} if there is no primary key, or if a file lacks a column of it
 */
export function keyColumns(
  table: PgTable,
  columns: readonly TargetColumn[],
  files: readonly { readonly file: string; readonly ways: Readonly<Record<string, string>> }[],
): TargetColumn[] {
  const composite = getTableConfig(table).primaryKeys[0]?.columns ?? [];
  const keys = columns.filter(
    ({ column }) => column.primary || composite.some((each) => each.name === column.name),
  );
  if (keys.length === 0) throw new CommandError('--on-conflict update: the table has no primary key');
  for (const { file, ways } of files) {
    const missing = keys.find(({ key }) => !(key in ways));
    if (missing)
      throw new CommandError(`--on-conflict update: ${file} lacks "${missing.key}" of the primary key`);
  }
  return keys;
}
