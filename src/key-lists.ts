/** The keys of a flight: which list, and which place in it, each row has. */
import type { TableShape } from './drizzle/table.ts';
import type { Entry } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import { type Reference, unresolved } from './reference.ts';
import type { ColumnFacts } from './table-facts.ts';

/** The key query has a column for each list, and PostgreSQL takes 1,664 of them. */
const mostLists = 1_000;

/** Keys as text, in the order in which they were drawn. */
export interface Keys {
  readonly length: number;
  at(index: number): string | undefined;
}

/** Keys of one column, taken together and kept by the server under one name. */
export interface KeyList {
  readonly name: string;
  readonly shape: TableShape;
  readonly column: number;
  readonly facts: ColumnFacts;
  size: number;
  /** Once the server has answered. */
  keys?: Keys;
}

/** The place of a key in its list; positions count from 1, as PostgreSQL's do. */
export interface KeyPlace {
  readonly list: KeyList;
  readonly position: number;
}

/** Neighbouring rows of an entry whose keys are neighbours in their list. */
export interface KeyRun {
  readonly column: number;
  /** The first row, from 0. */
  readonly row: number;
  count: number;
  readonly list: KeyList;
  /** The place of its key, from 0. */
  readonly position: number;
  /** The run that was taken before; most entries have one alone. */
  readonly before: KeyRun | undefined;
}

export class KeyLists {
  readonly #lists: KeyList[] = [];
  /** Lists that still grow, by column. */
  readonly #growing = new Map<TableShape, (KeyList | undefined)[]>();

  get all(): readonly KeyList[] {
    return this.#lists.filter(({ size }) => size > 0);
  }

  /** Takes the next key of a column for a row that leaves the column out. @returns the list of which it is the last */
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

  /** The place of the key that a reference stands for. */
  placeOf(reference: Reference): KeyPlace {
    const { entry, row, column } = reference.origin;
    const place = findPlace(entry.allotted, row, column);
    // Nothing in its stead would be the column's default: a child without its parent, and no error.
    if (!place) throw unresolved(reference);
    return place;
  }

  /** Ends the lists with a chunk, so that each is used whole; else it would be parsed once for each chunk. */
  breakOff(): void {
    if (this.#lists.length < mostLists) this.#growing.clear();
  }

  /** Takes back what these entries were given. */
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

/** The last run of a list, where it is among the newest: a row takes keys for several columns in turn. */
function lastOf({ allotted, shape }: Entry, list: KeyList): KeyRun | undefined {
  let run = allotted;
  for (let left = shape.columns.length; run && run.list !== list && left > 0; left--) run = run.before;
  return run?.list === list ? run : undefined;
}

/** Rows of entries with many runs, which would be long to search. */
const placesByRun = new WeakMap<KeyRun, Map<number, KeyPlace[]>>();

/** The place of the key of a row, all of whose entry's keys have been taken. */
export function findPlace(last: KeyRun | undefined, row: number, column: number): KeyPlace | undefined {
  if (!last?.before) return last && inRun(last, row, column);
  const places = getOrInsert(placesByRun, last, () => placesOf(last));
  return places.get(column)?.[row];
}

function inRun({ list, ...run }: KeyRun, row: number, column: number): KeyPlace | undefined {
  const offset = row - run.row;
  if (run.column !== column || offset < 0 || offset >= run.count) return undefined;
  return { list, position: run.position + offset + 1 };
}

function placesOf(last: KeyRun): Map<number, KeyPlace[]> {
  const places = new Map<number, KeyPlace[]>();
  for (let run: KeyRun | undefined = last; run; run = run.before) {
    const { column, row, count, list, position } = run;
    const ofColumn = getOrInsert(places, column, () => []);
    for (let index = 0; index < count; index++)
      ofColumn[row + index] = { list, position: position + index + 1 };
  }
  return places;
}

/** The keys that were taken for the rows of an entry for a column, as text, as far as the server has told them. */
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

/**
 * The key at a place, as text.
 *
 * @throws {Error} where the server has not told it: a row must not be written without its key
 */
export function keyOf({ list, position }: KeyPlace): string {
  const key = list.keys?.at(position - 1);
  if (key === undefined) throw new Error(`key ${position} of ${list.shape.name} is not known`);
  return key;
}
