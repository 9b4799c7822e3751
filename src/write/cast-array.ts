/** The one rule by which an array parameter becomes values of a column. */
import type { ColumnFacts } from '../facts/table-facts.ts';

export interface CastArray {
  /** The parameter as an array, for `unnest`: `$1::pg_catalog.text[]`. */
  readonly array: string;
  /** The cast of each element behind `unnest`: `::public.mood`, or nothing. */
  readonly elementCast: string;
}

/**
 * Casts the array if `unnest` can take an array of the column's type, else each element: `unnest` flattens arrays of
 * arrays, and a type of the user may be created anew while connections live.
 *
 * @param declared the type that the driver declares for the values, if the server must cast from it
 * @example
 * castArray('$1', factsOfMood) // { array: '$1::pg_catalog.text[]', elementCast: '::public.mood' }
 */
export function castArray(param: string, { arrayable, cast }: ColumnFacts, declared?: string): CastArray {
  if (declared !== undefined) return { array: `${param}::pg_catalog.${declared}[]`, elementCast: '' };
  if (arrayable) return { array: `${param}::${cast}[]`, elementCast: '' };
  return { array: `${param}::pg_catalog.text[]`, elementCast: `::${cast}` };
}

/** Arrays side by side as a table expression. */
export function unnestArrays(arrays: readonly string[]): string {
  const each = arrays.map((array) => `pg_catalog.unnest(${array})`);
  return each.length === 1 ? (each[0] as string) : `rows from (${each.join(', ')})`;
}
