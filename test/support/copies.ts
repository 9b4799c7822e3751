/**
 * The tables that COPY has written, taken from the statements that were sent. Only names without quotes are
 * found.
 */
export function copiesOf(statements: readonly string[]): string[] {
  return statements.flatMap((text) => /^copy "(\w+)"/.exec(text)?.[1] ?? []);
}

/** `count` values, each made from its number, which counts from 0. */
export function times<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => make(number));
}

/** A number of rows that is written in more than one block. */
export const severalBlocks = 4_500;

/** `count` rows of a table with names. */
export const named = (count: number) => times(count, (n) => ({ name: `name ${n}` }));
