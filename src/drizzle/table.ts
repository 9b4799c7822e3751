/**
 * What drizzle's schema says of a table.
 *
 * This folder is the only reader of what drizzle-orm does not export. Every fact used here is pinned by name in
 * `test/integration/drizzle-facts.test.ts`, so that an upgrade which moves one fails there.
 */
import { Column, is, SQL, Table } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import { getOrInsert } from '../get-or-insert.ts';
import { orderSelection, type SelectedField } from './selection.ts';
import { Selections } from './selections.ts';

/** A column that drizzle writes on insert; generated ones are not among them. */
export interface InsertColumn {
  /** The property of the table object, `userId`. */
  readonly key: string;
  /** The name in the database after `casing`, `user_id`, unquoted. */
  readonly name: string;
  readonly column: PgColumn;
  /** Makes the value of a row that leaves it out, in JavaScript; the database does where there is none. */
  readonly fill: (() => unknown) | undefined;
  /** Hands the driver every value as it is. */
  readonly isPlain: boolean;
  /** The database makes its value from a sequence or at random, as far as the schema tells. */
  readonly isKeyed: boolean;
}

/** What drizzle's schema says of a table, read once for each dialect. */
export interface TableShape {
  readonly table: PgTable;
  readonly dialect: PgDialect;
  /** Quoted and, where drizzle knows it, with the schema. */
  readonly name: string;
  /** The schema's name, unquoted, where drizzle knows it. */
  readonly schema: string | undefined;
  readonly columns: readonly InsertColumn[];
  /** The names of all columns in the database, generated ones too. */
  readonly names: ReadonlyMap<Column, string>;
  /** What `returning()` without fields selects. */
  readonly selection: readonly SelectedField[];
  readonly selections: Selections;
}

const shapes = new WeakMap<PgDialect, WeakMap<PgTable, TableShape>>();

/** The table's shape; `casing` belongs to the dialect, so each dialect has shapes of its own. */
export function tableShape(dialect: PgDialect, table: PgTable): TableShape {
  const known = getOrInsert(shapes, dialect, () => new WeakMap<PgTable, TableShape>());
  return getOrInsert(known, table, () => readShape(dialect, table));
}

function readShape(dialect: PgDialect, table: PgTable): TableShape {
  const columns: InsertColumn[] = [];
  const names = new Map<Column, string>();
  const all: Record<string, PgColumn> = (table as any)[(Table as any).Symbol.Columns];
  for (const [key, column] of Object.entries(all)) {
    const name = columnName(dialect, column);
    names.set(column, name);
    if ((column as any).shouldDisableInsert()) continue;
    const isPlain = column.mapToDriverValue === Column.prototype.mapToDriverValue;
    columns.push({ key, name, column, fill: fillOf(column), isPlain, isKeyed: isKeyed(column) });
  }
  const schema: string | undefined = (table as any)[(Table as any).Symbol.Schema];
  const name: string = (table as any)[(Table as any).Symbol.Name];
  return {
    table,
    dialect,
    name: (schema === undefined ? '' : `${dialect.escapeName(schema)}.`) + dialect.escapeName(name),
    schema,
    columns,
    names,
    selection: orderSelection(all),
    selections: new Selections(),
  };
}

/** @throws {Error} if the table has no column at that index */
export function columnAt({ name, columns }: TableShape, index: number): InsertColumn {
  const column = columns[index];
  if (!column) throw new Error(`${name} has no column at index ${index}`);
  return column;
}

/** The column's name in the database, after `casing`. */
export function columnName(dialect: PgDialect, column: Column): string {
  return (dialect as any).casing.getColumnCasing(column);
}

/** The name under which drizzle's cache knows the table. */
export function cacheName(table: PgTable): string {
  const schema: string | undefined = (table as any)[(Table as any).Symbol.Schema];
  const base: string = (table as any)[(Table as any).Symbol.BaseName];
  return schema ? `${schema}.${base}` : base;
}

/** The tables that the foreign keys in drizzle's schema point at. */
export function foreignTables(table: PgTable): PgTable[] {
  return getTableConfig(table).foreignKeys.map((key) => key.reference().foreignTable as PgTable);
}

/** drizzle asks for a truthy default before `$onUpdateFn`, so that `.default(0).$onUpdate(f)` runs f. */
function fillOf(column: PgColumn): (() => unknown) | undefined {
  const fill = column.defaultFn ?? (column.default ? undefined : column.onUpdateFn);
  return fill?.bind(column);
}

export function isKeyed(column: PgColumn): boolean {
  if (/^Pg(Small|Big)?Serial/.test(column.columnType) || column.generatedIdentity !== undefined) return true;
  const text = is(column.default, SQL)
    ? column.default.queryChunks.map((chunk: any) => chunk?.value ?? '').join('')
    : '';
  return /^\s*(nextval|gen_random_uuid|uuidv[47])\s*\(/i.test(text);
}

/** A key's type as a cast, `::integer` for a serial column. */
export function keyCast(column: PgColumn): string {
  return `::${column.getSQLType().replace('serial', 'int')}`;
}
