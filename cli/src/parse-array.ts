import { BadValue } from './bad-value.ts';

/** An array as PostgreSQL writes it, `{1,NULL,"a b",{…}}`: strings, nulls and nested arrays. */
export type ArrayLiteral = (string | null | ArrayLiteral)[];

const element = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^",{}\\]+))\s*/y;

/** @throws {BadValue} for text that is no array */
export function parseArrayLiteral(text: string): ArrayLiteral {
  const literal = text.trim();
  const { elements, end } = readArray(literal, 0);
  if (end !== literal.length) throw bad();
  return elements;
}

function readArray(text: string, start: number): { elements: ArrayLiteral; end: number } {
  if (text[start] !== '{') throw bad();
  const elements: ArrayLiteral = [];
  let at = start + 1;
  if (/^\s*\}/.test(text.slice(at))) return { elements, end: text.indexOf('}', at) + 1 };
  for (;;) {
    const { value, end } = text[at] === '{' ? nested(text, at) : readElement(text, at);
    elements.push(value);
    if (text[end] === '}') return { elements, end: end + 1 };
    if (text[end] !== ',') throw bad();
    at = end + 1;
  }
}

function nested(text: string, at: number): { value: ArrayLiteral; end: number } {
  const { elements, end } = readArray(text, at);
  return { value: elements, end };
}

function readElement(text: string, at: number): { value: string | null; end: number } {
  element.lastIndex = at;
  const found = element.exec(text);
  if (!found) throw bad();
  const [, quoted, bare = ''] = found;
  const end = element.lastIndex;
  if (quoted !== undefined) return { value: quoted.replaceAll(/\\([\s\S])/g, '$1'), end };
  const value = bare.trim();
  if (value === '') throw bad();
  return { value: value.toUpperCase() === 'NULL' ? null : value, end };
}

function bad(): BadValue {
  return new BadValue('is not an array like {1,2} or {"a b",NULL}');
}
