/** The rows of one statement. It holds where each row comes from, and allocates nothing for a row. */
import type { Expression } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { type Form, Given } from '../take/form.ts';
import type { KeyList, KeyPlace } from '../take/key-run.ts';
import { type EncodedCell, type EncodedEntries, encodedRows } from './encode-rows.ts';
import type { KeyLists } from './key-lists.ts';

/**
 * A cell as a statement writes it: text or a number, NULL, the place of a key, or an expression, written as
 * is.
 */
export type PlannedCell = string | number | null | undefined | KeyPlace | Expression;

export function isKeyPlace(cell: unknown): cell is KeyPlace {
  return typeof cell === 'object' && cell !== null && 'list' in cell;
}

/**
 * How a chunk becomes a statement, and how its answer is read.
 *
 * - `own`: one entry and nothing else, so every row of the answer belongs to it.
 * - `shared`: an INSERT of several entries, whose rows differ by their keys.
 * - `matched`: an INSERT of several entries with a conflict clause. The server joins its rows with their
 *   sources.
 * - `copied`: a COPY. It returns nothing: the client needs only keys that it already has.
 */
export type WayOfWriting = 'own' | 'shared' | 'matched' | 'copied';

export interface ChunkConflictKey {
  readonly columns: readonly number[];
  /**
   * The values of the rows, each once. `undefined` if equal values may share a statement, which writes the
   * first.
   */
  readonly values: Set<string> | undefined;
}

/** The keys of a chunk's rows for one column. They come from one list after the other. */
interface ChunkKeys {
  readonly lists: KeyList[];
  /** The row at which each list begins. */
  readonly starts: number[];
  /** The place of each row's key in its list. 0 if the row gives its own value. */
  readonly positions: number[];
}

export class Chunk {
  /** The entry of each row. */
  readonly entries: Entry[] = [];
  /** The index of each row within its entry. */
  readonly rows: number[] = [];
  /** Columns, by index, that a reference waits for and that only RETURNING provides. */
  readonly returnedColumns = new Set<number>();
  /** The distinct forms of its rows. */
  readonly forms = new Set<Form>();
  bytes = 0;
  /** How many parameters its rows take as VALUES. */
  params = 0;
  #lastForm: Form | undefined;
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

  get size(): number {
    return this.rows.length;
  }

  /** The entry of the first row. With the way `own` it is the entry of all rows. */
  get first(): Entry {
    return this.entries[0] as Entry;
  }

  add(entry: Entry, row: number, form: Form): void {
    if (form !== this.#lastForm) this.forms.add(form);
    this.#lastForm = form;
    this.entries.push(entry);
    this.rows.push(row);
  }

  /** Gives the last key of the list to the row that was added last. */
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

  /** Whether some row has a value or a key for the column. */
  gives(column: number): boolean {
    if (this.#keys.has(column)) return true;
    for (const { columns } of this.forms) if (columns[column] !== Given.nothing) return true;
    return false;
  }

  /** Whether some row leaves the column to the database. */
  omits(column: number): boolean {
    if (this.#keys.has(column)) return false;
    for (const { columns } of this.forms) if (columns[column] === Given.nothing) return true;
    return false;
  }

  /** The cell of a row as its entry has it. */
  given(row: number, column: number): EncodedCell {
    const { cells } = encodedRows(this.#encoded, this.entries[row] as Entry);
    return cells[(this.rows[row] as number) * this.shape.columns.length + column];
  }

  cell(row: number, column: number): PlannedCell {
    const cell = this.given(row, column);
    if (cell === undefined) return this.#keyPlace(row, column);
    return cell instanceof Reference ? this.#lists.placeOf(cell) : cell;
  }

  /** The list that the column uses whole: every key of it, in order. */
  wholeList(column: number): KeyList | undefined {
    const keys = this.#keys.get(column);
    const list = keys?.lists[0];
    const isWhole =
      keys?.lists.length === 1 && keys.positions.length === this.size && list?.size === this.size;
    // Positions rise, so a column with as many positions as the list has keys uses all of them.
    if (isWhole && !keys.positions.includes(0)) return list;
    return keys ? undefined : this.#wholeListReferred(column);
  }

  /** The list that the references of a column use whole: every key of it, in order. */
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
    while ((keys.starts[last] as number) > row) last--;
    const list = keys.lists[last];
    if (!list) throw new Error(`no key list for row ${row} of ${this.shape.name}`);
    return { list, position };
  }
}

/** The distinct entries of a chunk. The rows of one entry are neighbours. */
export function entriesOf({ entries }: Chunk): Entry[] {
  return entries.filter((entry, row) => entry !== entries[row - 1]);
}
