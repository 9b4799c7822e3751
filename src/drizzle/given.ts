/** How drizzle reads the properties of a row. */

const isEnumerable = Object.prototype.propertyIsEnumerable;

/** Only own enumerable properties are read. Getters of a class are not called. */
export const readsOwnOnly = true;

/**
 * @param isBare the row is a plain object, so reading the property is enough to see that it is missing, which
 *   is faster than `propertyIsEnumerable`
 */
export function givenFor(given: Record<string, unknown>, key: string, isBare: boolean): unknown {
  if (!isBare && !isEnumerable.call(given, key)) return undefined;
  const value = given[key];
  return value === undefined || !isBare || isEnumerable.call(given, key) ? value : undefined;
}
