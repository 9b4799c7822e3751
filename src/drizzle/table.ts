/**
 * The shape of a table in drizzle's schema.
 *
 * This folder is the only reader of what drizzle-orm does not export. Every fact used here is pinned by name
 * in `test/integration/drizzle-facts.test.ts`. An upgrade that changes one fails there.
 */
import { type Column, is, SQL, Table } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import { castOf, columnName, encoderOf, isIgnored, isLeftOut, returnedTexts } from '#version/drizzle/columns';
import { getOrInsert } from '../get-or-insert.ts';
import type { SelectedField } from './selected-field.ts';
import { orderSelection } from './selection.ts';
import { Selections } from './selections.ts';

/** A column that drizzle writes on insert. Generated columns are excluded. */
export interface InsertColumn {
  /** The property of the table object, `userId`. */
  readonly key: string;
  /** The name in the database after `casing`, `user_id`, unquoted. */
  readonly name: string;
  readonly column: PgColumn;
  /** The type as the schema names it, `varchar(50)`. */
  readonly sqlType: string;
  /** Makes the value in JavaScript for a row that leaves the column out. Without it the database does. */
  readonly fill: (() => unknown) | undefined;
  /** Makes of a value what drizzle passes to the driver; `undefined` if that is the value itself. */
  readonly encode: ((value: unknown) => unknown) | undefined;
  /** Makes of such a value, or of NULL, the SQL that drizzle writes for it; `undefined` if that is a parameter. */
  readonly cast: ((mapped: unknown) => SQL) | undefined;
  /** drizzle ignores what is given, unless the insert is `overridingSystemValue()`. */
  readonly isIgnored: boolean;
  /** The schema declares that the database draws its value from a sequence, or makes it at random. */
  readonly isKeyed: boolean;
}

/** A table of drizzle's schema, read once for each dialect. */
export interface TableShape {
  readonly table: PgTable;
  readonly dialect: PgDialect;
  /** Quoted, with the schema if drizzle knows it. */
  readonly name: string;
  /** The schema's name, unquoted; `undefined` if drizzle does not know it. */
  readonly schema: string | undefined;
  readonly columns: readonly InsertColumn[];
  /** Columns that drizzle leaves out of every INSERT. References count them behind the others. */
  readonly generated: readonly InsertColumn[];
  /** The names of all columns in the database, including generated ones. */
  readonly names: ReadonlyMap<Column, string>;
  /** What RETURNING has for a column that is not returned by its plain name, by that name. */
  readonly returned: ReadonlyMap<string, string>;
  /** The selection of `returning()` without fields. */
  readonly selection: readonly SelectedField[];
  readonly selections: Selections;
}

type NamedColumns = Pick<TableShape, 'columns' | 'generated' | 'name'>;

const shapes = new WeakMap<PgDialect, WeakMap<PgTable, TableShape>>();

/** The table's shape. `casing` belongs to the dialect, so each dialect has shapes of its own. */
export function tableShape(dialect: PgDialect, table: PgTable): TableShape {
  const shape = shapes.get(dialect)?.get(table);
  // Each insert asks, and all but the first make no function for it.
  if (shape) return shape;
  const known = getOrInsert(shapes, dialect, () => new WeakMap<PgTable, TableShape>());
  return getOrInsert(known, table, () => readShape(dialect, table));
}

function readShape(dialect: PgDialect, table: PgTable): TableShape {
  const columns: InsertColumn[] = [];
  const generated: InsertColumn[] = [];
  const names = new Map<Column, string>();
  const all: Record<string, PgColumn> = (table as any)[(Table as any).Symbol.Columns];
  for (const [key, column] of Object.entries(all)) {
    const name = columnName(dialect, column);
    names.set(column, name);
    (isLeftOut(column) ? generated : columns).push({
      key,
      name,
      column,
      sqlType: column.getSQLType(),
      fill: fillOf(column),
      encode: encoderOf(dialect, column),
      cast: castOf(dialect, column),
      isIgnored: isIgnored(column),
      isKeyed: isKeyed(column),
    });
  }
  const schema: string | undefined = (table as any)[(Table as any).Symbol.Schema];
  const name: string = (table as any)[(Table as any).Symbol.Name];
  return {
    table,
    dialect,
    name: (schema === undefined ? '' : `${dialect.escapeName(schema)}.`) + dialect.escapeName(name),
    schema,
    columns,
    generated,
    names,
    returned: new Map([
      ...returnedTexts(dialect, Object.values(all)),
      ...textsForReferences(dialect, { columns, generated, name }),
    ]),
    selection: orderSelection(dialect, all),
    selections: new Selections(dialect),
  };
}

/**
 * What RETURNING is asked for if another row is to have a column's value. That is the text, as the server reads it again, since a
 * client's parser may make anything of it. Keys are integers and UUIDs, and are returned as they are.
 */
export function nameForReference(shape: NamedColumns, index: number): string {
  const { name, isKeyed } = columnAt(shape, index);
  return isKeyed ? name : `batched_drizzle.${index}`;
}

function textsForReferences(dialect: PgDialect, shape: NamedColumns): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [index, { name, isKeyed }] of [...shape.columns, ...shape.generated].entries()) {
    const alias = nameForReference(shape, index);
    if (!isKeyed)
      texts.set(alias, `${dialect.escapeName(name)}::pg_catalog.text as ${dialect.escapeName(alias)}`);
  }
  return texts;
}

/** An item of RETURNING. @param name a column's, or one of `returned` */
export function returnedItem({ dialect, returned }: TableShape, name: string): string {
  return returned.get(name) ?? dialect.escapeName(name);
}

/** @throws {Error} for an index that no column has */
export function columnAt({ columns, generated, name }: NamedColumns, index: number): InsertColumn {
  const column = columns[index] ?? generated[index - columns.length];
  if (!column) throw new Error(`no column ${index} in ${name}`);
  return column;
}

/** The tables that the foreign keys in drizzle's schema point at. */
export function foreignTables(table: PgTable): PgTable[] {
  return getTableConfig(table).foreignKeys.map((key) => key.reference().foreignTable as PgTable);
}

/** drizzle runs `$onUpdateFn` unless the default is truthy: `.default(0).$onUpdate(f)` runs f. */
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

/** A key's type as a cast, such as `::integer` for a serial column. */
export function keyCast(column: PgColumn): string {
  return `::${column.getSQLType().replace('serial', 'int')}`;
}
