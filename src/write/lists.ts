/** Key lists that wait in the server, as an INSERT reads them. */
import type { KeyList } from '../key-lists.ts';
import { keptKeys } from '../keys.ts';

/** `with k0 as materialized (…) `: a list is parsed once a statement, not once a row. */
export function withLists(lists: readonly KeyList[]): string {
  return lists.length === 0 ? '' : `with ${parsedLists(lists).join(', ')} `;
}

export function parsedLists(lists: readonly KeyList[]): string[] {
  return lists.map((list) => `${list.name} as materialized ${keptKeys(list)}`);
}

/** That every list arrived whole: `unnest` pads unequal arrays with NULL without a word. */
export function areWhole(lists: readonly KeyList[]): string[] {
  return lists.map((list) => `cardinality((select a from ${list.name})) = ${list.size}`);
}
