/** A value → the text PostgreSQL reads. Pure; what depends on the driver is given. */

/** Turns a driver value into its text as the client itself would, for a column of that type. */
export type Serialize = (value: unknown, typeOid: number) => string;

/** A value as a string, by way of `valueOf()`, as the driver adds it to one. */
export function textOf(value: unknown): string {
  const primitive = typeof value === 'object' && value !== null ? value.valueOf() : value;
  // A template and not String(), which would make a text of a symbol without a word.
  return `${typeof primitive === 'object' ? value : primitive}`;
}

const needsQuotes = /["\\{},\s]|^$|^null$/i;

/** Elements → an array literal, `{1,"two words",NULL}`. */
export function arrayLiteral(elements: readonly (string | number | null)[]): string {
  return `{${elements.map(arrayElement).join(',')}}`;
}

function arrayElement(element: string | number | null): string | number {
  if (element === null) return 'NULL';
  if (typeof element === 'number') return element;
  if (!needsQuotes.test(element)) return element;
  return `"${element.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
