/**
 * The only reader of what drizzle-orm does not export. Every fact used here is pinned by name in
 * `test/integration/drizzle-facts.test.ts`, so that an upgrade which moves one fails there.
 */

import * as drizzle from 'drizzle-orm';
import { Column, is, type Logger, Param, Placeholder, type Query, SQL, sql, Table } from 'drizzle-orm';
import { type Cache, NoopCache } from 'drizzle-orm/cache/core';
import {
  getTableConfig,
  type PgColumn,
  type PgDialect,
  PgInsertBase,
  type PgTable,
  PgTransaction,
  type PgTransactionConfig,
} from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';
import type { Entry } from './entry.ts';
import { Expression } from './expression.ts';
import { Forms } from './form.ts';
import { getOrInsert } from './get-or-insert.ts';
import { Selections } from './selections.ts';

/** drizzle's description of what `returning()` selects, in the order of the columns of an answer. */
export type SelectedField = { readonly path: string[]; readonly field: Column | SQL | SQL.Aliased };

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
  readonly forms: Forms;
}

/** Whether a selection names nothing but columns, which other callers of a statement may name too. */
export function onlyColumns(
  selection: readonly SelectedField[],
): selection is readonly (SelectedField & { readonly field: Column })[] {
  return selection.every(({ field }) => is(field, Column));
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
    forms: new Forms(),
  };
}

/** What `returning(fields)` selects, in the order of the columns of an answer. */
export function orderSelection(fields: object): readonly SelectedField[] {
  return (drizzle as any).orderSelectedFields(fields);
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

/** An expression as text between its parameters, and the parameters as the driver would get them. */
export interface Rendered {
  /** One more than `params`. */
  readonly texts: readonly string[];
  readonly params: readonly unknown[];
}

/** Marks the place of a parameter: no SQL has a NUL, and one that does must still reach the server, to be refused. */
const place = '\0$\0';

/** Renders now what drizzle would render when it executes; later changes to the expression change nothing. */
export function render(dialect: PgDialect, expression: SQL): Rendered {
  const internals = dialect as any;
  const query = expression.toQuery({
    casing: internals.casing,
    escapeName: internals.escapeName,
    escapeString: internals.escapeString,
    prepareTyping: internals.prepareTyping,
    escapeParam: () => place,
  });
  return { texts: query.sql.split(place), params: query.params };
}

/** `returning …` as drizzle writes it for a single table. */
export function renderSelection(dialect: PgDialect, selection: readonly SelectedField[]): Rendered {
  return render(dialect, (dialect as any).buildSelection(selection, { isSingleTable: true }) as SQL);
}

export function isPlaceholder(value: unknown): boolean {
  return is(value, Placeholder) || (is(value, Param) && is(value.value, Placeholder));
}

/** One row of the driver's answer as drizzle hands it to the caller. */
export function mapRow(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  // What is nested, or decoded by an expression, is drizzle's to say.
  if (!selection.every(isFlat)) return (drizzle as any).mapResultRow(selection, row, undefined);
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const { path, field } = selection[index] as SelectedField;
    const value = row[index];
    mapped[path[0] as string] = value === null ? null : (field as Column).mapFromDriverValue(value);
  }
  return mapped;
}

/** A row of which the driver has the same value for every column. */
export function mapAlike(selection: readonly SelectedField[], value: unknown): Record<string, unknown> {
  if (!selection.every(isFlat)) return mapRow(selection, new Array(selection.length).fill(value));
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const { path, field } = selection[index] as SelectedField;
    mapped[path[0] as string] = (field as Column).mapFromDriverValue(value);
  }
  return mapped;
}

function isFlat({ path, field }: SelectedField): boolean {
  return path.length === 1 && field instanceof Column;
}

export type InsertSession = ConstructorParameters<typeof PgInsertBase>[2];

/** The session of a database or transaction, for builders, whose schema nobody looks at. */
export function sessionOf(owner: object): InsertSession {
  return (owner as any).session;
}

/** What an insert builder was made with. */
export function builderParts<TTable extends PgTable>(
  builder: object,
): { table: TTable; session: InsertSession; dialect: PgDialect; isOverriding: boolean } {
  const { table, session, dialect, overridingSystemValue_ } = builder as any;
  return { table, session, dialect, isOverriding: overridingSystemValue_ === true };
}

/** What stands behind `on conflict`, as drizzle's insert makes it of its `config`. */
export function conflictClause(
  { dialect, table }: TableShape,
  method: 'onConflictDoNothing' | 'onConflictDoUpdate',
  config: object | undefined,
): SQL {
  const insert = { dialect, config: { table } as { table: PgTable; onConflict: SQL } };
  (PgInsertBase.prototype as any)[method].call(insert, config);
  return insert.config.onConflict;
}

/** The columns that drizzle's `set` assigns: those it names, and those with an `$onUpdateFn`. */
export function assignedColumns(table: PgTable, set: object): Set<Column> {
  const named = set as Record<string, unknown>;
  const columns = Object.entries<PgColumn>((table as any)[(Table as any).Symbol.Columns]);
  const isAssigned = ([key, { onUpdateFn }]: [string, PgColumn]) =>
    named[key] !== undefined || onUpdateFn !== undefined;
  return new Set(columns.filter(isAssigned).map(([, column]) => column));
}

/** The rows of an entry as drizzle's own insert holds them, mapped and defaulted already. */
function mappedValues(entry: Entry): Record<string, Param | SQL>[] {
  return Array.from({ length: entry.count }, (_, row) =>
    Object.fromEntries(
      entry.shape.columns.flatMap(({ key }, column) => {
        const cell = entry.cell(row, column);
        return cell === undefined ? [] : [[key, toSQL(cell)]];
      }),
    ),
  );
}

function toSQL(cell: unknown): Param | SQL {
  if (is(cell, SQL)) return cell;
  if (!(cell instanceof Expression)) return new Param(cell);
  const { texts, params } = cell.rendered;
  return sql.join(
    texts.flatMap((text, index) => [
      sql.raw(text),
      ...(index < params.length ? [new Param(params[index])] : []),
    ]),
  );
}

/** An insert's configuration as drizzle's own has it, which none is made with. */
export function insertConfig({ shape, overriding, returning, conflict }: Entry): object {
  return {
    table: shape.table,
    values: [],
    withList: undefined,
    select: false,
    overridingSystemValue_: overriding,
    ...(returning && {
      returning,
      returningFields: fieldsOf(returning),
    }),
    ...(conflict && { onConflict: conflict.clause }),
  };
}

/** What `returning()` was given, of which drizzle's selection is the flat list. */
function fieldsOf(selection: readonly SelectedField[]): object {
  const fields: Record<string, unknown> = {};
  for (const { path, field } of selection) {
    let node = fields;
    for (const key of path.slice(0, -1)) {
      node[key] ??= {};
      node = node[key] as Record<string, unknown>;
    }
    node[path.at(-1) as string] = field;
  }
  return fields;
}

/** An insert as drizzle itself writes it. */
export function insertSQL(entry: Entry): SQL {
  const { dialect } = entry.shape as any;
  return dialect.buildInsertQuery({ ...insertConfig(entry), values: mappedValues(entry) });
}

/** The statement that plain drizzle would send for an insert. */
export function describeInsert(entry: Entry): Query {
  return entry.shape.dialect.sqlToQuery(insertSQL(entry));
}

/** The parts of a database made by `drizzle()` that sessions are made of. */
export interface DatabaseParts {
  readonly client: Sql;
  readonly dialect: PgDialect;
  /** drizzle's relational configuration, of whatever schema. */
  readonly schema: any;
  readonly options: { logger?: Logger; cache?: Cache };
}

export function partsOf(db: object): DatabaseParts {
  const { session, dialect } = db as any;
  return { client: session.client, dialect, schema: session.schema, options: session.options };
}

/** The logger of a database; drizzle makes one that does nothing where none is given. */
export function loggerOf(db: object): Logger {
  return (db as any).session.logger;
}

/** What stands behind `set transaction`. */
export function transactionModes(config: PgTransactionConfig, dialect: PgDialect): string {
  const modes = (PgTransaction.prototype as any).getTransactionConfigSQL(config) as SQL;
  return dialect.sqlToQuery(modes).sql;
}

/** The cache of a session's options, or nothing where drizzle would not tell it of a mutation. */
export function mutableCache(options: { cache?: Cache }): Cache | undefined {
  return options.cache === undefined || is(options.cache, NoopCache) ? undefined : options.cache;
}

/** A statement that drizzle's builders made tells its tables or maps its rows; what tells neither is raw SQL. */
export function isRawStatement(metadata: unknown, mapper: unknown): boolean {
  return metadata === undefined && mapper === undefined;
}

/** The parameters of a prepared statement, placeholders and late values among them. */
export function paramsOf(prepared: object): readonly unknown[] {
  return (prepared as { params: unknown[] }).params;
}

/** Replaces the parameters of a prepared statement just before it is executed. */
export function replaceParams(prepared: object, replace: (param: unknown) => unknown): void {
  const statement = prepared as { params: unknown[] };
  if (statement.params.some((param) => replace(param) !== param))
    statement.params = statement.params.map(replace);
}

export function dialectOf(owner: object): PgDialect {
  return (owner as any).dialect;
}
