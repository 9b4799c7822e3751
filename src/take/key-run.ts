import type { TableShape } from '../drizzle/table.ts';
import type { ColumnFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';

/** Keys as text, in the order in which they were drawn. */
export interface Keys {
  readonly length: number;
  at(index: number): string | undefined;
}

/** Keys of one column that were drawn together. The server keeps them under one name. */
export interface KeyList {
  readonly name: string;
  readonly shape: TableShape;
  readonly column: number;
  readonly facts: ColumnFacts;
  size: number;
  /** Set when the server has answered. */
  keys?: Keys;
}

/** The position of a key in its list, from 1 as in PostgreSQL. */
export interface KeyPlace {
  readonly list: KeyList;
  readonly position: number;
}

/** Adjacent rows of an entry whose keys are adjacent in their list. */
export interface KeyRun {
  readonly column: number;
  /** The first row, from 0. */
  readonly row: number;
  count: number;
  readonly list: KeyList;
  /** The position of its key, from 0. */
  readonly position: number;
  /** The run that was drawn before. Most entries have only one. */
  readonly before: KeyRun | undefined;
}

/** An index for entries with many runs, in which a search would be slow. */
const placesByRun = new WeakMap<KeyRun, Map<number, KeyPlace[]>>();

/** The position of a row's key, if one was drawn for the column. */
export function findPlace(last: KeyRun | undefined, row: number, column: number): KeyPlace | undefined {
  if (!last?.before) return last && inRun(last, row, column);
  const places = getOrInsert(placesByRun, last, () => placesOf(last));
  return places.get(column)?.[row];
}

function inRun(run: KeyRun, row: number, column: number): KeyPlace | undefined {
  const offset = row - run.row;
  if (run.column !== column || offset < 0 || offset >= run.count) return undefined;
  return { list: run.list, position: run.position + offset + 1 };
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

/**
 * The key at a position, as text.
 *
 * @throws {Error} if the server has not returned it: a row must not be written without its key
 */
export function keyOf({ list, position }: KeyPlace): string {
  const key = list.keys?.at(position - 1);
  if (key === undefined) throw new Error(`key ${position} of ${list.shape.name} is not known`);
  return key;
}

/** Whether keys were drawn for rows, which an own statement would not use. */
export function hasKeys(run: KeyRun | undefined): boolean {
  return run?.list.keys !== undefined;
}

/** Whether keys were drawn for a GENERATED ALWAYS column, which takes them only by OVERRIDING. */
export function givesAlways(last: KeyRun | undefined): boolean {
  for (let run = last; run; run = run.before) if (run.list.keys && run.list.facts.always) return true;
  return false;
}
