/**
 * What is known to be harmless in an expression that the server evaluates for a row: it can't tell whether rows share a
 * statement. What is not listed here is not harmless.
 */

/**
 * The nodes of PostgreSQL's stored expressions that evaluate nothing but their own parts and the functions that they
 * name. A subquery (SUBLINK) is no such node.
 */
export const harmlessNodes = [
  'CONST',
  'VAR',
  'FUNCEXPR',
  'OPEXPR',
  'DISTINCTEXPR',
  'NULLIFEXPR',
  'SCALARARRAYOPEXPR',
  'BOOLEXPR',
  'RELABELTYPE',
  'COERCEVIAIO',
  'ARRAYCOERCEEXPR',
  'COLLATEEXPR',
  'CASEEXPR',
  'CASE',
  'CASEWHEN',
  'WHEN',
  'CASETESTEXPR',
  'ARRAYEXPR',
  'ARRAY',
  'ROWEXPR',
  'ROW',
  'COALESCEEXPR',
  'COALESCE',
  'MINMAXEXPR',
  'MINMAX',
  'NULLTEST',
  'BOOLEANTEST',
  'COERCETODOMAIN',
  'COERCETODOMAINVALUE',
  'SQLVALUEFUNCTION',
  'SUBSCRIPTINGREF',
  'NAMEDARGEXPR',
  'FIELDSELECT',
];

/**
 * Functions of pg_catalog that are not immutable and still can't tell. They give the same within a transaction, or give
 * what no row decides. Immutable functions of pg_catalog need no list. `nextval` has conditions of its own.
 */
export const harmlessFunctions = [
  // Times. `clock_timestamp`, `statement_timestamp` and `timeofday` tell statements apart.
  ...['now', 'transaction_timestamp', 'timezone', 'date_trunc', 'date_part', 'extract', 'age'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'make_timestamptz', 'overlaps'],
  ...['to_char', 'to_date', 'to_number', 'to_timestamp'],
  ...['date_add', 'date_subtract'],
  ...['timestamptz_pl_interval', 'timestamptz_mi_interval', 'interval_pl_timestamptz'],
  ...comparisons('date', 'timestamptz'),
  ...comparisons('timestamptz', 'date'),
  ...comparisons('timestamp', 'timestamptz'),
  ...comparisons('timestamptz', 'timestamp'),
  // Values that nobody can foresee.
  ...['gen_random_uuid', 'uuidv4', 'uuidv7', 'random'],
  // Texts.
  ...['concat', 'concat_ws', 'format', 'textanycat', 'anytextcat', 'array_to_string', 'length'],
  ...['quote_literal', 'quote_nullable', 'convert', 'convert_from', 'convert_to', 'money', 'numeric'],
  ...['to_tsvector', 'to_tsquery', 'plainto_tsquery', 'phraseto_tsquery', 'websearch_to_tsquery'],
  // JSON.
  ...['to_json', 'to_jsonb', 'array_to_json', 'row_to_json'],
  ...['json_build_object', 'json_build_array', 'jsonb_build_object', 'jsonb_build_array'],
  // Values of the session.
  ...['current_setting', 'current_user', 'session_user', 'current_database', 'current_schema', 'version'],
];

function comparisons(left: string, right: string): string[] {
  return ['eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((each) => `${left}_${each}_${right}`);
}
