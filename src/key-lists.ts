/** The keys of a flight: which list, and which place in it, each row has. Pure. */
import type { TableShape } from './drizzle-facts.ts';
import type { Entry } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import type { KeyList, KeyPlace } from './plan.ts';
import { type Reference, unresolved } from './reference.ts';
import type { ColumnFacts } from './table-facts.ts';

/** The key query has a column for each list, and PostgreSQL takes 1,664 of them. */
const mostLists = 1_000;

export class KeyLists {
  #lists: KeyList[] = [];
  /** Lists that still grow, by their column's name with its table's. */
  readonly #growing = new Map<string, KeyList>();
  readonly #places = new Map<Entry, Map<number, KeyPlace[]>>();

  get all(): readonly KeyList[] {
    return this.#lists;
  }

  /** The next key of a column for a row that leaves the column out. */
  take(entry: Entry, row: number, column: number, facts: ColumnFacts): KeyPlace {
    const { shape } = entry;
    const name = `${shape.name}.${shape.columns[column]?.name}`;
    const list = getOrInsert(this.#growing, name, () => this.#begin(shape, column, facts));
    const place = { list, position: ++list.size };
    const columns = getOrInsert(this.#places, entry, () => new Map<number, KeyPlace[]>());
    getOrInsert(columns, column, () => [])[row] = place;
    return place;
  }

  /** The place of the key that a reference stands for. */
  placeOf(reference: Reference): KeyPlace {
    const source = reference.origin;
    const place = this.#places.get(source.entry)?.get(source.column)?.[source.row];
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
    const shapes = new Set(entries.map(({ shape }) => shape));
    this.#lists = this.#lists.filter(({ shape }) => !shapes.has(shape));
    this.#growing.clear();
    for (const entry of entries) this.#places.delete(entry);
  }

  #begin(shape: TableShape, column: number, facts: ColumnFacts): KeyList {
    const list = { name: `k${this.#lists.length}`, shape, column, facts, size: 0 };
    this.#lists.push(list);
    return list;
  }
}
