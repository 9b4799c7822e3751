/** How drizzle reads the properties of a row. */

/** Inherited properties are read, too, and getters of a class are called. */
export const readsOwnOnly = false;

export function givenFor(given: Record<string, unknown>, key: string, _isBare: boolean): unknown {
  return given[key];
}
