/** Whether an `sql` expression is known not to look around: by a list of what is harmless, never of what is harmful. */
import type { Rendered } from '../drizzle/render.ts';

/** Functions of PostgreSQL that depend on their arguments, the settings and the transaction alone. */
const functions = new Set(
  (
    'abs array_append array_cat array_length array_prepend array_remove ascii btrim cardinality ceil ceiling char_length ' +
    'coalesce concat concat_ws date_part date_trunc decode encode excluded extract floor format gen_random_uuid greatest ' +
    'initcap json_build_array json_build_object jsonb_build_array jsonb_build_object jsonb_set left length lower lpad ' +
    'ltrim make_date make_interval make_timestamp md5 mod now nullif octet_length overlay position power random repeat ' +
    'replace reverse right round rpad rtrim sha256 sign split_part sqrt strpos substr substring timezone to_char to_date ' +
    'to_json to_jsonb to_number to_timestamp to_tsvector transaction_timestamp translate trim trunc upper uuidv4 uuidv7 ' +
    'values set where row array in any and or not when then else do'
  ).split(' '),
);

/** Words that may stand without a bracket behind them. */
const words = new Set(
  (
    'and or not null true false is in between like ilike case when then else end default excluded set do update nothing ' +
    'where conflict on constraint array row at time zone interval date timestamp current_date current_timestamp localtime ' +
    'localtimestamp current_time current_user session_user distinct from symmetric any all collate escape similar to as'
  ).split(' '),
);

/** Types whose input looks at nothing but the text. */
const types = new Set(
  (
    'int int2 int4 int8 integer smallint bigint serial bigserial numeric decimal real float float4 float8 double precision ' +
    'text varchar char character varying bpchar bool boolean bytea uuid json jsonb date time timetz timestamp timestamptz ' +
    'interval inet cidr macaddr bit varbit point tsvector tsquery with without zone pg_catalog name'
  ).split(' '),
);

/** A word of the expression, with what stands before and behind it. */
const token = /(::\s*|\.\s*)?\b([a-z_][\w$]*)\b(\s*\()?/gi;

/** A text or a quoted name. Each may contain the other's quotes, so that one pass must find both. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/** Quoted names and texts are passed over, which can be nothing but columns, tables and values. */
export function isHarmless({ texts }: Rendered): boolean {
  return texts.every((text) => {
    const names = text.replaceAll(quoted, (found) => (found.startsWith('"') ? '"' : ' '));
    // A quoted name before a bracket may be any function, and one behind a cast any type.
    if (/\$\w*\$/.test(text) || /"\s*\(|::\s*"|'|--|\/\*/.test(names)) return false;
    const unquoted = names.replaceAll('"', ' ');
    return [...unquoted.matchAll(token)].every(([, before, name = '', bracket]) => {
      const word = name.toLowerCase();
      if (before?.startsWith('::')) return types.has(word);
      // A function of another schema may have any name.
      if (bracket) return before === undefined && (functions.has(word) || types.has(word));
      if (before) return true;
      return words.has(word) || types.has(word);
    });
  });
}
