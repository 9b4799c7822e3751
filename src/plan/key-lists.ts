/** The keys of a flight: for each row its list and its place in the list. */

import type { TableShape } from '../drizzle/table.ts';
import type { ColumnFacts } from '../facts/table-facts.ts';
import { unresolved } from '../take/deferred-value.ts';
import type { Entry, Reference } from '../take/entry.ts';
import { findPlace, type KeyList, type KeyPlace, type KeyRun } from '../take/key-run.ts';

/** The key query has a column for each list. PostgreSQL allows 1,664 columns. */
const mostLists = 1_000;

export class KeyLists {
  readonly #lists: KeyList[] = [];
  /** Lists that still grow, by table and column. */
  readonly #growing = new Map<TableShape, (KeyList | undefined)[]>();

  get all(): readonly KeyList[] {
    return this.#lists.filter(({ size }) => size > 0);
  }

  /**
   * Takes the next key of a column for a row that leaves the column out.
   *
   * @returns the list, whose last key it is
   */
  take(entry: Entry, row: number, column: number, facts: ColumnFacts): KeyList {
    const growing = this.#growing.get(entry.shape) ?? this.#beginTable(entry.shape);
    const list = growing[column] ?? this.#begin(entry.shape, column, facts);
    growing[column] = list;
    const position = list.size++;
    const last = lastOf(entry, list);
    if (last && row === last.row + last.count && position === last.position + last.count) last.count += 1;
    else entry.allotted = { column, row, count: 1, list, position, before: entry.allotted };
    return list;
  }

  /** The place of the key that a reference needs. */
  placeOf(reference: Reference): KeyPlace {
    const { entry, row, column } = reference.origin;
    const place = findPlace(entry.allotted, row, column);
    // Without this error the column's default would be written: a child without its parent.
    if (!place) throw unresolved(reference);
    return place;
  }

  /**
   * Ends the lists with a chunk, so that one statement uses a list whole. Otherwise each chunk would parse
   * the list again.
   */
  breakOff(): void {
    if (this.#lists.length < mostLists) this.#growing.clear();
  }

  /** Takes back the keys of these entries. */
  forget(entries: readonly Entry[]): void {
    const own = new Set(this.#lists);
    for (const entry of entries) {
      let run = entry.allotted;
      for (; run && own.has(run.list); run = run.before) run.list.size = 0;
      entry.allotted = run;
    }
    this.#growing.clear();
  }

  #beginTable(shape: TableShape): (KeyList | undefined)[] {
    const growing: (KeyList | undefined)[] = [];
    this.#growing.set(shape, growing);
    return growing;
  }

  #begin(shape: TableShape, column: number, facts: ColumnFacts): KeyList {
    const list = { name: `k${this.#lists.length}`, shape, column, facts, size: 0 };
    this.#lists.push(list);
    return list;
  }
}

/** The last run of a list, if it is among the newest runs. A row takes keys for several columns in turn. */
function lastOf({ allotted, shape }: Entry, list: KeyList): KeyRun | undefined {
  let run = allotted;
  for (let left = shape.columns.length; run && run.list !== list && left > 0; left--) run = run.before;
  return run?.list === list ? run : undefined;
}

/**
 * The keys that an entry's rows took for a column, as text. `undefined` if the server has not returned them.
 */
export function keysOf(entry: Entry, column: number): (string | undefined)[] {
  if (entry.count === 1) return [entry.key(0, column)];
  const keys: (string | undefined)[] = new Array(entry.count).fill(undefined);
  for (let run = entry.allotted; run; run = run.before) {
    if (run.column !== column) continue;
    for (let index = 0; index < run.count; index++)
      keys[run.row + index] ??= run.list.keys?.at(run.position + index);
  }
  return keys;
}
