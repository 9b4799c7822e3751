/** The rows that are encoded, sent and answered together. */
import type { TableShape } from '../drizzle-facts.ts';
import type { CellReader, TextCell } from './cells.ts';
import type { LoadError } from './load-error.ts';

/** Rows in a row that one statement can say: they name the same columns. */
export interface Run {
  /** The index of its first row in the source. */
  readonly index: number;
  /** The columns that are named, by index in the shape; never none. */
  readonly columns: readonly number[];
  /** Row after row, each in the order of the columns; `undefined` is the database's default. */
  readonly cells: TextCell[];
  /** As the source gave them. */
  readonly rows: unknown[];
  /** By column of the shape: the type that a value is cast from; `undefined` where none is. */
  readonly casts: readonly (string | undefined)[] | undefined;
  /** Some row leaves out a column that another has, and the database's default is not NULL. */
  hasDefaults: boolean;
  /** Rows of it meet in one row of the table, which a statement may touch only once. */
  isContended: boolean;
}

export interface RejectedRow {
  readonly row: unknown;
  readonly index: number;
  readonly error: LoadError;
}

export interface Chunk {
  readonly runs: Run[];
  /** Rows that can't be sent. */
  readonly rejected: RejectedRow[];
  /** Rows taken from the source, those that can't be sent among them. */
  rows: number;
  /** An estimate, in characters. */
  size: number;
  /** The transaction ends with it. */
  endsPart: boolean;
}

/** How many characters a chunk has at most, give or take a row. */
const mostCharacters = 4 * 1024 * 1024;

export function isFull({ rows, size }: Chunk, chunkRows: number): boolean {
  return rows >= chunkRows || size >= mostCharacters;
}

/**
 * Puts rows into runs. The columns that are named become more and never fewer, so that rows which take turns in what they
 * leave out do not take a statement each.
 */
export class RunBuilder {
  #columns: readonly number[] = [];
  readonly #isNamed: boolean[];

  constructor(
    shape: TableShape,
    /** By column of the shape: the database has a default for it that is not NULL. */
    readonly defaulted: readonly boolean[],
    /** A column that is named in any case, by index. */
    named: number | undefined,
  ) {
    this.#isNamed = shape.columns.map((_, column) => column === named);
  }

  /** Adds the row that was read last. */
  add(chunk: Chunk, row: unknown, index: number, { texts, casts }: CellReader): void {
    const isWider = this.#widen(texts);
    let run = chunk.runs.at(-1);
    if (!run || isWider || run.index + run.rows.length !== index || !areSame(run.casts, casts)) {
      run = {
        index,
        columns: this.#columns,
        cells: [],
        rows: [],
        casts,
        hasDefaults: false,
        isContended: false,
      };
      chunk.runs.push(run);
    }
    const { columns, cells } = run;
    for (let position = 0; position < columns.length; position++) {
      const column = columns[position] as number;
      let text = texts[column];
      if (text === undefined) {
        if (this.defaulted[column]) run.hasDefaults = true;
        else text = null;
      }
      chunk.size += text ? text.length + 1 : 3;
      cells.push(text);
    }
    run.rows.push(row);
  }

  #widen(texts: readonly TextCell[]): boolean {
    let isWider = false;
    for (let column = 0; column < texts.length; column++) {
      if (texts[column] !== undefined && !this.#isNamed[column]) isWider = this.#isNamed[column] = true;
    }
    // A statement has to name a column, also where no row gives one.
    if (!isWider && this.#columns.length === 0) isWider = this.#isNamed[0] = true;
    if (isWider) this.#columns = [...this.#isNamed.keys()].filter((column) => this.#isNamed[column]);
    return isWider;
  }
}

function areSame(one: Run['casts'], other: Run['casts']): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
