/** The tables that COPY has written, of the statements that were sent; a name that needs no quotes. */
export function copiesOf(statements: readonly string[]): string[] {
  return statements.flatMap((text) => /^copy "(\w+)"/.exec(text)?.[1] ?? []);
}

/** `count` things, each made of its number, from 0. */
export function times<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => make(number));
}
