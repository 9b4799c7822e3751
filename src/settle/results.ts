import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import { findUnreadable, type Unreadable } from '../driver/unreadable.ts';
import { mapRow, mapSameKey } from '../drizzle/selection.ts';
import { asError } from '../errors.ts';
import { keysOf } from '../plan/key-lists.ts';
import { type Entry, type Outcome, Reference } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';

/** The result of one entry, collected from the statements that wrote its rows. */
export class GatheredOutcome implements Outcome {
  count = 0;
  /** In the order of the entry's rows. Each has the columns of the selection: see `add`. */
  readonly rows: unknown[][] = [];
  /** The names of the selected columns in the database. */
  names: readonly string[] = [];
  #unreadable: Unreadable | undefined;

  constructor(
    readonly answer: Answer,
    readonly results: ResultMaker,
  ) {}

  /** @param at the position of the entry's row; at the end by default */
  add(cells: unknown[], at = this.rows.length): void {
    this.rows[at] = cells;
    this.#unreadable ??= findUnreadable(cells);
  }

  /** What the client's parser threw for a cell: the rows are written, and the caller can't have them. */
  get unreadable(): Error | undefined {
    return this.#unreadable && asError(this.#unreadable.error);
  }

  value(entry: Entry): unknown {
    const { returning } = entry;
    if (!returning) return this.results.empty(this.answer, this.count);
    this.#check(entry);
    return this.rows.map((row) => mapRow(returning, row));
  }

  driverValue(entry: Entry): Answer {
    if (!entry.returning) return this.results.empty(this.answer, this.count);
    this.#check(entry);
    return this.results.objects(this.answer, this.names, this.rows);
  }

  #check(entry: Entry): void {
    if (this.unreadable) throw new BatchedInsertError(ownInsert(entry), this.unreadable);
  }
}

/** The outcome shared by all entries that select nothing, or only keys that the client already has. */
export class KnownOutcome implements Outcome {
  constructor(
    readonly answer: Answer,
    readonly results: ResultMaker,
    /** The column that identifies rows, by index. */
    readonly sentinelColumn: number | undefined,
    readonly parse: ((key: string) => unknown) | undefined,
    /** The column's type below all domains, by its oid, as an answer names it. */
    readonly type: number,
    /** The text of a key that the caller gave, as the client has sent it. */
    readonly serialize: (key: unknown) => string | null,
  ) {}

  value(entry: Entry): unknown {
    const { returning } = entry;
    if (!returning) return this.results.empty(this.answer, entry.count);
    const rows = this.#keys(entry);
    for (let row = 0; row < rows.length; row++) rows[row] = mapSameKey(returning, rows[row]);
    return rows;
  }

  driverValue(entry: Entry): Answer {
    const { returning, shape } = entry;
    if (!returning) return this.results.empty(this.answer, entry.count);
    const name = shape.columns[this.#column]?.name;
    if (name === undefined) throw new Error(`${shape.name} has no column ${this.#column}`);
    const names = returning.map(() => name);
    const rows = this.#keys(entry).map((key) => names.map(() => key));
    return this.results.objects(this.answer, names, rows, this.type);
  }

  get #column(): number {
    if (this.sentinelColumn === undefined) throw new Error('no column identifies the rows of the outcome');
    return this.sentinelColumn;
  }

  /** The key of each row, as the client's parser returns it. */
  #keys(entry: Entry): unknown[] {
    const column = this.#column;
    const keys: unknown[] = keysOf(entry, column);
    for (let row = 0; row < keys.length; row++) {
      const cell = keys[row] === undefined ? entry.cell(row, column) : undefined;
      const key = keys[row] ?? this.serialize(cell instanceof Reference ? cell.value() : cell);
      keys[row] = this.parse ? this.parse(String(key)) : key;
    }
    return keys;
  }
}
