/** The rows that are encoded, sent and answered together. */
import type { TableShape } from '../drizzle/table.ts';
import { CopyText, type TextCell } from '../write/copy-text.ts';
import type { CellReader } from './cells.ts';
import type { LoadError } from './load-error.ts';

/** Rows in a row that one statement can say: they name the same columns. */
export interface Run {
  /** The index of its first row in the source. */
  readonly index: number;
  /** The columns that are named, by index in the shape; never none. */
  readonly columns: readonly number[];
  /** As the source gave them. */
  readonly rows: unknown[];
  /** The lines of a COPY; where there are none, the rows are in `cells`. */
  text: CopyText | undefined;
  /** Row after row, each in the order of the columns; `undefined` is the database's default. */
  readonly cells: TextCell[];
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

/** What decides how rows are written. */
export interface RunRules {
  /** By column of the shape: the database has a default for it that is not NULL. */
  readonly defaulted: readonly boolean[];
  /** COPY can write rows, and they need nothing more before they are written. */
  readonly canCopy: boolean;
  /** COPY can say DEFAULT for one row and not for the next. */
  readonly canDefault: boolean;
  /** A column that is named in any case, by index. */
  readonly named: number | undefined;
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
    readonly rules: RunRules,
  ) {
    this.#isNamed = shape.columns.map((_, column) => column === rules.named);
  }

  /** Adds the row that was read last. */
  add(chunk: Chunk, row: unknown, index: number, { texts, casts, isPlain }: CellReader): void {
    const isWider = this.#widen(texts);
    const hasDefaults = this.#fillIn(texts);
    const copies = this.rules.canCopy && !casts && (this.rules.canDefault || !hasDefaults);
    let run = chunk.runs.at(-1);
    const isNext = run && !isWider && run.index + run.rows.length === index;
    if (!run || !isNext || (run.text !== undefined) !== copies || !areSame(run.casts, casts)) {
      const columns = this.#columns;
      const text = copies ? new CopyText() : undefined;
      run = { index, columns, rows: [], text, cells: [], casts, hasDefaults: false, isContended: false };
      chunk.runs.push(run);
    }
    if (hasDefaults) run.hasDefaults = true;
    run.rows.push(row);
    if (run.text) chunk.size += run.text.add(texts, run.columns, isPlain);
    else {
      for (const column of run.columns) {
        const text = texts[column];
        run.cells.push(text);
        chunk.size += text ? text.length : 1;
      }
    }
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

  /** COPY takes its DEFAULT for a mistake where there is none. @returns whether there is one */
  #fillIn(texts: TextCell[]): boolean {
    let hasDefaults = false;
    for (const column of this.#columns) {
      if (texts[column] !== undefined) continue;
      if (this.rules.defaulted[column]) hasDefaults = true;
      else texts[column] = null;
    }
    return hasDefaults;
  }
}

function areSame(one: Run['casts'], other: Run['casts']): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
