import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import { mapRow, mapSameKey } from '../drizzle/selection.ts';
import { columnAt } from '../drizzle/table.ts';
import { keysOf } from '../plan/key-lists.ts';
import { type Entry, type Outcome, Reference } from '../take/entry.ts';

/** What one entry's rows came to, gathered from the statements that wrote them. */
export class Gathered implements Outcome {
  count = 0;
  /** In the order of the entry's rows, each with the columns of its selection. */
  readonly rows: unknown[][] = [];
  /** The selection's names in the database. */
  names: readonly string[] = [];

  constructor(
    readonly answer: Answer,
    readonly results: ResultMaker,
  ) {}

  value({ returning }: Entry): unknown {
    return returning
      ? this.rows.map((row) => mapRow(returning, row))
      : this.results.empty(this.answer, this.count);
  }

  driverValue({ returning }: Entry): Answer {
    return returning
      ? this.results.objects(this.answer, this.names, this.rows)
      : this.results.empty(this.answer, this.count);
  }
}

/** What all entries come to whose rows were all written, and of which nobody asks more than was known before. */
export class Known implements Outcome {
  constructor(
    readonly answer: Answer,
    readonly results: ResultMaker,
    /** The column by which rows are told apart, by index. */
    readonly identifier: number | undefined,
    readonly parse: ((key: string) => unknown) | undefined,
    /** A key that a row was given, as the client has sent it. */
    readonly serialize: (key: unknown) => string,
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
    const names = returning.map(() => columnAt(shape, this.identifier ?? -1).name);
    const rows = this.#keys(entry).map((key) => names.map(() => key));
    return this.results.objects(this.answer, names, rows);
  }

  /** What the client reads of the key of each row. */
  #keys(entry: Entry): unknown[] {
    const column = this.identifier ?? -1;
    const keys: unknown[] = keysOf(entry, column);
    for (let row = 0; row < keys.length; row++) {
      const cell = keys[row] === undefined ? entry.cell(row, column) : undefined;
      const key = keys[row] ?? this.serialize(cell instanceof Reference ? cell.value() : cell);
      keys[row] = this.parse ? this.parse(String(key)) : key;
    }
    return keys;
  }
}
