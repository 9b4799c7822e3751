/**
 * Reads an array literal of one dimension by the rules of PostgreSQL's `array_in`. Blanks around an element
 * are dropped unless they are quoted or escaped. An unquoted NULL in any case is NULL. A backslash escapes
 * the next character, inside and outside of quotes.
 */
export function parseArrayLiteral(literal: string): (string | null)[] {
  if (!literal.startsWith('{') || !literal.endsWith('}')) throw new Error(`no array: ${literal}`);
  if (literal === '{}') return [];
  const elements: (string | null)[] = [];
  let at = 1;
  while (at <= literal.length - 1) {
    const { element, end } = readElement(literal, at);
    elements.push(element);
    if (literal[end] === '}') {
      if (end !== literal.length - 1) throw new Error(`junk behind the array: ${literal}`);
      return elements;
    }
    at = end + 1;
  }
  throw new Error(`no end: ${literal}`);
}

const blank = /[ \t\n\v\f\r]/;

function readElement(literal: string, start: number): { element: string | null; end: number } {
  let at = start;
  while (blank.test(literal.charAt(at))) at++;
  if (literal[at] === '"') return readQuoted(literal, at + 1);
  let text = '';
  let kept = 0;
  let isEscaped = false;
  for (; at < literal.length; at++) {
    const character = literal.charAt(at);
    if (character === ',' || character === '}') {
      if (kept === 0) throw new Error(`an empty element: ${literal}`);
      text = text.slice(0, kept);
      return { element: !isEscaped && /^null$/i.test(text) ? null : text, end: at };
    }
    if (character === '"' || character === '{') throw new Error(`${character} in an element: ${literal}`);
    if (character === '\\') {
      isEscaped = true;
      text += literal.charAt(++at);
      kept = text.length;
    } else {
      text += character;
      if (!blank.test(character)) kept = text.length;
    }
  }
  throw new Error(`no end: ${literal}`);
}

function readQuoted(literal: string, start: number): { element: string; end: number } {
  let element = '';
  let at = start;
  for (; at < literal.length && literal[at] !== '"'; at++) {
    element += literal.charAt(literal[at] === '\\' ? ++at : at);
  }
  at++;
  while (blank.test(literal.charAt(at))) at++;
  if (literal[at] !== ',' && literal[at] !== '}') throw new Error(`junk behind quotes: ${literal}`);
  return { element, end: at };
}
