/** The rows of one statement: where each comes from, with nothing made for a row. */
import type { Expression } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { type Form, Given } from '../take/form.ts';
import type { KeyList, KeyPlace } from '../take/key-run.ts';
import { type EncodedCell, type EncodedEntries, encodedRows } from './encode-rows.ts';
import type { KeyLists } from './key-lists.ts';

/** What a statement has for a cell: text or a number, NULL, the place of a key, or an expression to stand as it is. */
export type PlannedCell = string | number | null | undefined | KeyPlace | Expression;

export function isKeyPlace(cell: unknown): cell is KeyPlace {
  return typeof cell === 'object' && cell !== null && 'list' in cell;
}

/**
 * How a chunk becomes a statement, and how its answer is read.
 *
 * - `own`: it holds one entry and nothing else, so its answer needs no pairing.
 * - `shared`: an INSERT of several entries, whose rows differ by their keys.
 * - `matched`: an INSERT of several entries with a conflict clause, whose rows are joined with their sources.
 * - `copied`: a COPY, of which nothing is asked back but keys that are known.
 */
export type WayOfWriting = 'own' | 'shared' | 'matched' | 'copied';

export interface ChunkConflictKey {
  readonly columns: readonly number[];
  /** The values of the rows, none of which comes twice; `undefined` where of equal ones the first is written. */
  readonly values: Set<string> | undefined;
}

/** Keys that rows of a chunk were given for a column, from one list after the other. */
interface ChunkKeys {
  readonly lists: KeyList[];
  /** The row with which each of the lists begins. */
  readonly starts: number[];
  /** The place of each row's key in its list; 0 where it has its own. */
  readonly positions: number[];
}

export class Chunk {
  /** The entry of each row. */
  readonly entries: Entry[] = [];
  /** Which of its entry's rows each is. */
  readonly rows: number[] = [];
  /** Columns, by index, that a reference waits for and only the written row can tell. */
  readonly returnedColumns = new Set<number>();
  /** The forms of its rows, each once. */
  readonly forms = new Set<Form>();
  bytes = 0;
  /** Parameters that its rows take as VALUES. */
  params = 0;
  way: WayOfWriting;
  /** Finds the source of a written row, if several entries share a conflict clause. */
  conflictKey: ChunkConflictKey | undefined;
  readonly #keys = new Map<number, ChunkKeys>();
  readonly #encoded: EncodedEntries['encoded'];
  readonly #lists: KeyLists;

  constructor(
    readonly shape: TableShape,
    readonly facts: TableFacts | undefined,
    encoded: EncodedEntries['encoded'],
    lists: KeyLists,
    way: WayOfWriting,
    conflictKey: ChunkConflictKey | undefined,
  ) {
    this.#encoded = encoded;
    this.#lists = lists;
    this.way = way;
    this.conflictKey = conflictKey;
  }

  /** How many rows. */
  get size(): number {
    return this.rows.length;
  }

  /** The entry of its first row; of all rows, where it stands alone. */
  get first(): Entry {
    return this.entries[0] as Entry;
  }

  add(entry: Entry, row: number, form: Form): void {
    this.forms.add(form);
    this.entries.push(entry);
    this.rows.push(row);
  }

  /** The row that was added last has the last key of a list. */
  giveKey(column: number, list: KeyList): void {
    const row = this.size - 1;
    let keys = this.#keys.get(column);
    if (!keys) {
      keys = { lists: [], starts: [], positions: [] };
      this.#keys.set(column, keys);
    }
    if (keys.lists.at(-1) !== list) {
      keys.lists.push(list);
      keys.starts.push(row);
    }
    while (keys.positions.length < row) keys.positions.push(0);
    keys.positions.push(list.size);
  }

  /** Whether some row has something for a column. */
  gives(column: number): boolean {
    if (this.#keys.has(column)) return true;
    for (const { columns } of this.forms) if (columns[column] !== Given.nothing) return true;
    return false;
  }

  /** Whether some row leaves a column to the database. */
  omits(column: number): boolean {
    if (this.#keys.has(column)) return false;
    for (const { columns } of this.forms) if (columns[column] === Given.nothing) return true;
    return false;
  }

  /** The cell of a row as its entry has it. */
  given(row: number, column: number): EncodedCell {
    const { cells } = encodedRows(this.#encoded, this.entries[row] as Entry);
    return cells[(this.rows[row] ?? 0) * this.shape.columns.length + column];
  }

  cell(row: number, column: number): PlannedCell {
    const cell = this.given(row, column);
    if (cell === undefined) return this.#keyPlace(row, column);
    return cell instanceof Reference ? this.#lists.placeOf(cell) : cell;
  }

  /** The list of which the cells of a column are every key, in order. */
  wholeList(column: number): KeyList | undefined {
    const keys = this.#keys.get(column);
    const list = keys?.lists[0];
    const isWhole =
      keys?.lists.length === 1 && keys.positions.length === this.size && list?.size === this.size;
    // Positions rise, so that as many as the list has keys are all of them.
    if (isWhole && !keys.positions.includes(0)) return list;
    return keys ? undefined : this.#wholeListReferred(column);
  }

  /** The list to whose every key, in order, the references of a column lead. */
  #wholeListReferred(column: number): KeyList | undefined {
    let list: KeyList | undefined;
    for (const row of this.rows.keys()) {
      const place = this.cell(row, column);
      if (!isKeyPlace(place) || place.position !== row + 1) return undefined;
      list ??= place.list;
      if (place.list !== list || list.size !== this.size) return undefined;
    }
    return list;
  }

  #keyPlace(row: number, column: number): KeyPlace | undefined {
    const keys = this.#keys.get(column);
    const position = keys?.positions[row];
    if (!keys || !position) return undefined;
    let last = keys.starts.length - 1;
    while ((keys.starts[last] ?? 0) > row) last--;
    return { list: keys.lists[last] as KeyList, position };
  }
}

/** The entries of a chunk, each once: the rows of one stand side by side. */
export function entriesOf({ entries }: Chunk): Entry[] {
  return entries.filter((entry, row) => entry !== entries[row - 1]);
}
