/**
 * State that the whole process shares.
 *
 * A program may load this library twice: as an ES module, and by `require`. Nearly all state belongs to one database, and so
 * to one of the two. The rest is kept where both find it, so its form must stay the same from version to version.
 */
export function ofProcess<T>(name: string, make: () => T): T {
  const known = globalThis as { [key: symbol]: unknown };
  const key = Symbol.for(`batched-drizzle.${name}`);
  known[key] ??= make();
  return known[key] as T;
}
