const literal = /'[^']*'/g;

/**
 * Makes a piece of SQL mean the same whatever the session's settings are: names the schema of every operator and type, and
 * writes backslashes so that `standard_conforming_strings` is not asked. Functions are named with their schema where they stand.
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
    .replaceAll(literal, (quoted) => (quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted))
    .replaceAll(/ (=|<>|<|<=|>|>=|\|\||&|\+|-|~|!~) /g, ' operator(pg_catalog.$1) ')
    .replaceAll(/::(?!pg_catalog)(\w+)/g, '::pg_catalog.$1');
}
