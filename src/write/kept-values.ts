/**
 * Values that a parent's RETURNING keeps in the server, so that a child of the same flight can name them.
 *
 * RETURNING may call any function, row by row in the order of VALUES. A function, operator or type is named with its
 * schema: the user's `search_path` must not put another one in its place.
 */
import type { TableShape } from '../drizzle/table.ts';
import { isIntegerColumn } from '../plan/integer-columns.ts';
import type { KeptValue } from '../plan/own-plan.ts';

const concat = 'operator(pg_catalog.||)';

/** A column of RETURNING that keeps `name`'s value; with `isList` the values of all rows, `1,2,3,`. */
export function keepValue({ setting, isInteger }: KeptValue, name: string, isList: boolean): string {
  const value = `${name}::pg_catalog.text`;
  if (isList) {
    const before = `coalesce(pg_catalog.current_setting('${setting}', true), '')`;
    return `pg_catalog.set_config('${setting}', ${before} ${concat} ${value} ${concat} ',', true)`;
  }
  // A setting can't hold NULL, so another type than an integer begins with a mark of its own.
  const kept = isInteger ? value : `coalesce('=' ${concat} ${value}, '!')`;
  return `pg_catalog.set_config('${setting}', ${kept}, true)`;
}

/** The place where a kept value is read. */
export interface KeptValueUse {
  /** The parent's rows, and which of them it is, from 0. */
  readonly count: number;
  readonly row: number;
  /** The child's column; `undefined` inside an expression, where drizzle's own cast follows. */
  readonly target: { readonly shape: TableShape; readonly column: number } | undefined;
}

/** A kept value as an expression of the child's statement. It raises an error if the parent's row was not written. */
export function readKeptValue(
  { setting, isInteger }: KeptValue,
  { count, row, target }: KeptValueUse,
): string {
  const all = `pg_catalog.current_setting('${setting}')`;
  if (isInteger) {
    const own = count > 1 ? elementOf(all, row, count) : all;
    const isForInteger = !target || isIntegerColumn(target.shape, target.column);
    // Whatever size the column has: assignment checks the range.
    return isForInteger ? `${own}::pg_catalog.int8` : asColumn(own, target);
  }
  const marked = (mark: string) => `pg_catalog.left(${all}, 1) operator(pg_catalog.=) '${mark}'`;
  const text = `case when ${marked('=')} then pg_catalog.substr(${all}, 2) when ${marked('!')} then null else ${notWritten} end`;
  return target ? asColumn(text, target) : `(${text})`;
}

/** An element of `1,2,3,`; a trigger that swallowed a row made the list too short, and each place uncertain. */
function elementOf(list: string, row: number, count: number): string {
  const at = (place: number) => `pg_catalog.split_part(${list}, ',', ${place})`;
  return `(case when ${at(count)} operator(pg_catalog.=) '' then 'a row was not written' else ${at(row + 1)} end)`;
}

/** No text: the cast fails when it is evaluated, and `current_user` keeps the planner from evaluating it before. */
const notWritten = `('a row was not written: ' ${concat} current_user)::pg_catalog.int4::pg_catalog.text`;

/** A text as the column's very type, wherever that lives, without naming it. */
function asColumn(text: string, { shape, column }: NonNullable<KeptValueUse['target']>): string {
  const { name = '', sqlType } = shape.columns[column] ?? {};
  // A JSON string would come out of `json_populate_record` without its quotes taken as JSON.
  if (sqlType === 'json' || sqlType === 'jsonb') return `(${text})::pg_catalog.${sqlType}`;
  const literal = `'${name.replaceAll("'", "''")}'`;
  const record = `pg_catalog.json_populate_record(null::${shape.name}, pg_catalog.json_build_object(${literal}, ${text}))`;
  return `(${record}).${shape.dialect.escapeName(name)}`;
}
