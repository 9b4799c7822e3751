/** Selects that do nothing but read, told by their text. */

const words =
  'select distinct on from inner left right full cross join lateral where and or not in is null true false between like ilike exists as order by asc desc nulls first last group having limit offset union intersect except all with';

/** Functions of PostgreSQL's own that drizzle writes: its aggregates, and those of relational queries. */
const functions = 'count sum avg min max coalesce json_agg json_build_array';

const token = [
  String.raw`\s|[.,*()]|[<>]=?|<>|!=|=|\$\d+|'[^'\\]*'(?:::json\b)?`,
  // A quoted name in front of a parenthesis may call a function.
  String.raw`"(?:[^"]|"")*"(?!\s*\()`,
  // A name behind a dot is one of another schema.
  String.raw`(?<!\.\s*)\b(?:${`${words} ${functions}`.replaceAll(' ', '|')})\b`,
].join('|');

const harmless = new RegExp(`^(?:${token})*$`, 'i');

/**
 * Whether a statement only reads, wherever it runs: it has no lock, and calls no function that could write or count. What is
 * not known to be harmless is not.
 *
 * @param text a statement of drizzle's select or relational query builder
 */
export function isHarmlessSelect(text: string): boolean {
  return /^\(?(select|with) /.test(text) && harmless.test(text);
}
