/**
 * Names the schema of every operator and type in a piece of SQL. Functions are named with it where they stand.
 *
 * A caller's `search_path` may hold an operator, a type or a function that fits better than the one of pg_catalog. An
 * operator is found by the spaces around it. `operator(…)` binds all operators alike, from left to right.
 *
 * @example
 * catalogSql('a.attnum > 0 and a.atttypid::text = $1')
 * // a.attnum operator(pg_catalog.>) 0 and a.atttypid::pg_catalog.text operator(pg_catalog.=) $1
 */
export function catalogSql(text: string): string {
  return text
    .replaceAll(/ (=|<>|<|<=|>|>=|\|\||&|\+|-|~|!~) /g, ' operator(pg_catalog.$1) ')
    .replaceAll(/::(?!pg_catalog)(\w+)/g, '::pg_catalog.$1');
}
