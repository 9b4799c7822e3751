/** What is kept of a statement's text: its verb, its table, and whether it ends a transaction. Literals are not. */

export interface StatementKind {
  /** `insert into users`. */
  readonly what: string;
  /** It ends its transaction, or ends it and begins the next one. */
  readonly ends: 'ends' | 'chains' | undefined;
}

/** The beginning of a statement is enough. */
export const textLength = 512;

/** Literals and comments, also those that the end of the read text cuts. */
const literals =
  /\be'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|\$(\w*)\$(?:[\s\S]*?\$\1\$|[\s\S]*)|--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)/gi;
const verbs =
  /^(?:insert\s+into|delete\s+from|start\s+transaction|set\s+transaction|rollback\s+to|copy|[a-z]+)\b/i;
const name = /^(?:\s|only\b|\()*((?:"[^"]{1,63}"|[a-z_]\w*)(?:\.(?:"[^"]{1,63}"|[a-z_]\w*))?)/i;

const known = new Map<string, StatementKind>();
/** Programs that write values into their texts have no end of them. */
const mostKnown = 1_000;

export function describeStatement(text: string): StatementKind {
  const before = known.get(text);
  if (before) return before;
  if (known.size >= mostKnown) known.clear();
  const described = describe(text.replace(literals, ' ').trimStart());
  known.set(text, described);
  return described;
}

/** What a statement behind WITH writes. */
const written = /\b(?:insert\s+into|delete\s+from)\s[\s\S]*/i;

function describe(whole: string): StatementKind {
  const text = (/^with\b/i.test(whole) && written.exec(whole)?.[0]) || whole;
  const found = verbs.exec(text)?.[0] ?? '';
  const verb = found.toLowerCase().replaceAll(/\s+/g, ' ') || 'statement';
  const rest = tableOf(verb, text.slice(found.length));
  const table = rest === undefined ? undefined : name.exec(rest)?.[1]?.replaceAll('"', '');
  const ends = /^(?:commit|end|rollback|abort)$/.test(verb) ? 'ends' : undefined;
  const chains = ends && /\band\s+chain\b/i.test(text) ? 'chains' : ends;
  return { what: table === undefined ? verb : `${verb} ${table}`, ends: chains };
}

/** The text from the name of the table on. */
function tableOf(verb: string, rest: string): string | undefined {
  if (/^(?:insert into|delete from|update|copy)$/.test(verb)) return rest;
  const from = verb === 'select' ? /\bfrom\s/i.exec(rest) : null;
  return from ? rest.slice(from.index + from[0].length) : undefined;
}

/** The question for array types with which postgres.js begins each connection. */
export function isStartOfPostgres(text: string): boolean {
  return /^\s*select b\.oid, b\.typarray/.test(text);
}
