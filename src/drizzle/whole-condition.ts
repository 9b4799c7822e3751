/** Conditions whose text is known to be one whole expression, so that another one can be put behind it. */

const symbols: Record<string, string> = {
  and: '&',
  or: '|',
  not: '!',
  in: 'i',
  is: 's',
  null: 'n',
  between: 'b',
};
for (const comparison of ['=', '<>', '!=', '<', '<=', '>', '>=']) symbols[comparison] = '=';
for (const likeness of ['like', 'ilike']) symbols[likeness] = '~';
for (const name of ['lower', 'upper', 'trim', 'coalesce', 'length']) symbols[name] = 'f';
for (const mark of '().,') symbols[mark] = mark;

/** Names, texts, parameters and numbers are operands; a text with a backslash may end elsewhere than it seems. */
const tokens = /\s+|("(?:[^"]|"")+"|'(?:[^'\\]|'')*'|\$\d+|\d+)|[a-z]+|<>|!=|[<>]=?|[=().,]|(.)/gs;

/** What an expression of symbols comes to: `o` is an operand and `c` a condition. */
const steps: readonly (readonly [expression: RegExp, to: string])[] = [
  [/o(?:\.o)+|f\(o(?:,o)*\)/g, 'o'],
  [/o=o|o!?~o|os!?n|o!?bo&o|o!?i\(o(?:,o)*\)/g, 'c'],
  [/!c|\(c(?:[&|]c)*\)/g, 'c'],
];

/** The time that reading takes is worth a round trip, but not for thousands of parameters. */
const longest = 4_000;

/**
 * Whether a condition is one that drizzle's operators write, or alike. Raw SQL may be anything: it may end in a comment, or
 * with RETURNING, or have parentheses that only another text makes whole. What is not known is not whole.
 */
export function isWholeCondition(text: string): boolean {
  if (text.length > longest) return false;
  let known = true;
  let rest = text.replaceAll(tokens, (token, operand?: string) => {
    if (operand !== undefined) return 'o';
    if (/^\s/.test(token)) return '';
    const symbol = Object.hasOwn(symbols, token) ? symbols[token] : undefined;
    known &&= symbol !== undefined;
    return symbol ?? '';
  });
  for (let before = ''; known && rest !== before; ) {
    before = rest;
    for (const [expression, to] of steps) rest = rest.replaceAll(expression, to);
  }
  return known && /^c(?:[&|]c)*$/.test(rest);
}
