/** The text of a jsonb value, as PostgreSQL writes it: keys by length and bytes, a space behind commas and colons. Pure. */

/**
 * @returns `undefined` if JavaScript can't tell: numbers with an exponent or more digits than it keeps, repeated keys, and
 *   texts that JavaScript would write in another way
 */
export function jsonbText(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? write(value) : undefined;
  } catch {
    return undefined;
  }
}

function write(value: unknown): string {
  if (typeof value === 'string') return writeText(value);
  if (typeof value === 'number') return writeNumber(value);
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => ({ bytes: Buffer.from(key), key, member }));
  members.sort((one, other) => one.bytes.length - other.bytes.length || one.bytes.compare(other.bytes));
  return `{${members.map(({ key, member }) => `${writeText(key)}: ${write(member)}`).join(', ')}}`;
}

/** PostgreSQL has neither NUL nor lone surrogates. It escapes everything else as JavaScript does. */
function writeText(text: string): string {
  if (/[\0\p{Surrogate}]/u.test(text)) throw new RangeError('no text of PostgreSQL');
  return JSON.stringify(text);
}

function writeNumber(value: number): string {
  const text = String(value);
  if (text.includes('e')) throw new RangeError('a number with an exponent');
  return text;
}
