/** What a column of drizzle is called, and how it takes values. */
import { type Column, is, Param, SQL, sql, Table } from 'drizzle-orm';
import type { PgColumn, PgDialect, PgTable } from 'drizzle-orm/pg-core';
import { parameterMark } from '../../drizzle/render.ts';
import { KeptJson, keepJson } from './kept-json.ts';
import { paramCast } from './param-types.ts';

type Encode = (value: unknown) => unknown;

/** The column's name in the database. `snakeCase.table()` and its like have given it. */
export function columnName(_dialect: PgDialect, column: Column): string {
  return column.name;
}

/** The table's name in drizzle's cache. */
export function cacheName(table: PgTable): string {
  return (table as any)[(Table as any).Symbol.CacheKey];
}

/** Makes of a value what drizzle passes to the driver; `undefined` if that is the value itself. */
export function encoderOf(dialect: PgDialect, column: PgColumn): Encode | undefined {
  const map: (Encode & { isNoop?: boolean }) | undefined = column.mapToDriverValue as any;
  const normalize = (dialect as any).codecs.get(column, 'normalizeParam');
  const { dimensions } = column as any;
  const keep = !normalize && !dimensions && /^PgJsonb?$/.test(column.columnType) ? keepJson : undefined;
  if (map?.isNoop && !normalize) return keep;
  return (value) => {
    const mapped = column.mapToDriverValue(value);
    if (is(mapped, SQL)) return mapped;
    if (normalize) return normalize(mapped, dimensions);
    return keep ? keep(mapped) : mapped;
  };
}

/** What the column's codec writes around each parameter, NULL too; `undefined` for the parameter alone. */
export function castOf(dialect: PgDialect, column: PgColumn): ((mapped: unknown) => SQL) | undefined {
  const cast = paramCast(dialect, column);
  const texts = cast?.(parameterMark).split(parameterMark);
  if (!texts || texts.join('') === '') return undefined;
  return (mapped) =>
    sql.join(
      texts.map((text) => sql.raw(text)),
      new Param(mapped) as never,
    );
}

/** A value of a row as plain drizzle shows it among the parameters of a statement. */
export function shownParam(cell: unknown): unknown {
  return cell instanceof KeptJson ? cell.toJSON() : cell;
}

/** drizzle never names the column in an INSERT: its value is generated from others. */
export function isLeftOut(column: PgColumn): boolean {
  return column.generated !== undefined;
}

/** drizzle ignores what is given for a GENERATED ALWAYS AS IDENTITY, unless the insert is `overridingSystemValue()`. */
export function isIgnored(column: PgColumn): boolean {
  return (column as any).shouldDisableInsert();
}

/** The columns of `returning()` that are not returned by their plain name, with what is: `"at"::text[]`. */
export function returnedTexts(dialect: PgDialect, columns: readonly PgColumn[]): ReadonlyMap<string, string> {
  const { codecs } = dialect as any;
  const casts = columns.filter((column) => codecs.get(column, 'cast'));
  return new Map(
    casts.map((column): [string, string] => {
      const field = { path: [column.name], field: column, fieldType: 'Column', column };
      const selection = (dialect as any).buildSelection([field], { isSingleTable: true });
      return [column.name, dialect.sqlToQuery(selection).sql];
    }),
  );
}
