import type { ColumnFacts } from '../facts/table-facts.ts';
import type { KeyList } from '../take/key-run.ts';

/** The setting in which the server keeps a list until the transaction ends. */
export function settingOf(list: KeyList): string {
  return `batched_drizzle.${list.name}`;
}

/** Whether the keys come from a sequence. They are numbers then, and may be consecutive. */
function isDrawn({ keys }: ColumnFacts): boolean {
  return keys === 'identity' || keys === 'sequence';
}

/** Up to so many keys are listed, `1,2,3`. The server plans that faster than a look for their first and last one. */
const mostListed = 256;

/** Whether the keys may be kept as their first and last one, `1:1000`, if they are consecutive. */
export function mayBeRange({ facts, size }: KeyList): boolean {
  return isDrawn(facts) && size > mostListed;
}

/** The SQL that parses a kept list into an array. */
export function keptKeys(list: KeyList): string {
  const { facts } = list;
  const kept = `pg_catalog.current_setting('${settingOf(list)}')`;
  const listed = (text: string) => `pg_catalog.string_to_array(${text}, ',')::${facts.cast}[]`;
  if (!mayBeRange(list)) return `(select ${listed(kept)} as a)`;
  const [first, last] = [1, 2].map((end) => `pg_catalog.split_part(s, ':', ${end})::pg_catalog.int8`);
  const range = `array(select pg_catalog.generate_series(${first}, ${last}))::${facts.cast}[]`;
  return `(select case when ${isRange('s')} then ${range} else ${listed('s')} end as a from ${kept} s)`;
}

/**
 * The SQL for one key of a kept list. It is cheaper than parsing the list, which may hold the keys of
 * thousands of rows.
 */
export function keptKey(list: KeyList, position: number): string {
  const { facts } = list;
  const kept = `pg_catalog.current_setting('${settingOf(list)}')`;
  const listed = `pg_catalog.split_part(${kept}, ',', ${position})::${facts.cast}`;
  if (!mayBeRange(list)) return listed;
  const first = `pg_catalog.split_part(${kept}, ':', 1)::pg_catalog.int8`;
  const counted = `(${first} operator(pg_catalog.+) ${position - 1})::${facts.cast}`;
  return `case when ${isRange(kept)} then ${counted} else ${listed} end`;
}

/** Whether a kept list is written as its first and last key, `1:100`. */
function isRange(text: string): string {
  return `${text} operator(pg_catalog.~~) '%:%'`;
}

/** `with k0 as materialized (…) `, so that a statement parses a list once and not for each row. */
export function withLists(lists: readonly KeyList[]): string {
  return lists.length === 0 ? '' : `with ${parsedLists(lists).join(', ')} `;
}

export function parsedLists(lists: readonly KeyList[]): string[] {
  return lists.map((list) => `${list.name} as materialized ${keptKeys(list)}`);
}

/** Conditions that every list has all its keys. `unnest` silently pads unequal arrays with NULL. */
export function areWhole(lists: readonly KeyList[]): string[] {
  return lists.map(
    (list) => `pg_catalog.cardinality((select a from ${list.name})) operator(pg_catalog.=) ${list.size}`,
  );
}
