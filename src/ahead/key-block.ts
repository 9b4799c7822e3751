/** Keys of one sequence that a transaction has drawn ahead of its rows. */
import type { ColumnFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import type { KeyList } from '../take/key-run.ts';

const smallest = 16;

const largest = 1_024;

/** Whether so many rows may wait for one block. */
export function takesBlock(rows: number): boolean {
  return rows <= largest;
}

export class KeyBlock {
  #list: KeyList | undefined;
  #next = 0;
  #size = smallest;
  /** The sequence has given none, and is not asked again. */
  isDry = false;

  /** How many keys to draw next. The sizes double, so that a loop of any length takes few round trips and leaves few gaps. */
  sizeFor(rows: number): number {
    return Math.max(this.#size, Math.min(rows, largest));
  }

  /** Keys have been drawn. */
  fill(shape: KeyList['shape'], column: number, facts: ColumnFacts, keys: readonly string[]): void {
    this.#list = { name: 'drawn ahead', shape, column, facts, size: keys.length, keys };
    this.#next = 0;
    this.#size = Math.min(this.#size * 2, largest);
  }

  /**
   * Gives keys to the rows of an entry that leave a column out. If there are not enough for all of them, what is left is
   * dropped, so that keys rise in the order of the calls.
   */
  give(entry: Entry, column: number): void {
    const list = this.#list;
    const rows = list ? rowsWithout(entry, column) : [];
    if (rows.length === 0 || !list) return;
    // The server refuses a value for GENERATED ALWAYS, and OVERRIDING would let it in.
    if (list.facts.always && !entry.overriding && rows.length < entry.count) return;
    if (this.#next + rows.length > list.size) {
      this.#list = undefined;
      return;
    }
    for (const row of rows) {
      const last = entry.allotted;
      const position = this.#next++;
      if (last?.list === list && last.column === column && last.row + last.count === row) last.count += 1;
      else entry.allotted = { column, row, count: 1, list, position, before: last };
    }
  }
}

/** The rows of an entry that leave a column out and have no key for it. */
export function rowsWithout(entry: Entry, column: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < entry.count; row++) {
    if (entry.cell(row, column) === undefined && entry.key(row, column) === undefined) rows.push(row);
  }
  return rows;
}
