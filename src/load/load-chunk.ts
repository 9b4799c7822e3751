/** The rows that are encoded, sent and answered together. */
import type { TableShape } from '../drizzle/table.ts';
import { CopyText, type TextCell } from '../write/copy-text.ts';
import type { CellReader } from './cells.ts';
import type { LoadError } from './load-error.ts';

/** Consecutive rows that one statement can write, since they name the same columns. */
export interface Run {
  /** The index of its first row in the source. */
  readonly index: number;
  /** The columns that the statement names, by index in the shape; at least one. */
  readonly columns: readonly number[];
  /** The rows as the source gave them. */
  readonly rows: unknown[];
  /** The lines of a COPY; `undefined` if the rows are in `cells`. */
  text: CopyText | undefined;
  /** Row after row, each in the order of the columns; `undefined` stands for the database's default. */
  readonly cells: TextCell[];
  /** By column of the shape: the type that a value is cast from. `undefined` if no value is cast. */
  readonly casts: readonly (string | undefined)[] | undefined;
  /** Some row leaves out a column that the run names, and the database's default is not NULL. */
  hasDefaults: boolean;
  /** Several rows of the run change the same row of the table; a statement may change a row only once. */
  isContended: boolean;
}

/** The rows of a run that are sent together: those from `from` up to `to`, by index in the run. */
export interface RunPart {
  readonly run: Run;
  readonly from: number;
  readonly to: number;
}

export interface RejectedRow {
  readonly row: unknown;
  readonly index: number;
  readonly error: LoadError;
}

export interface LoadChunk {
  readonly runs: Run[];
  /** Rows that can't be sent. */
  readonly rejected: RejectedRow[];
  /** Rows taken from the source, including those that can't be sent. */
  rows: number;
  /** An estimate, in characters. */
  size: number;
  /** The transaction ends with this chunk. */
  endsPart: boolean;
}

/** A chunk ends with the row that reaches this size. */
const mostCharacters = 4 * 1024 * 1024;

export function isFull({ rows, size }: LoadChunk, chunkRows: number): boolean {
  return rows >= chunkRows || size >= mostCharacters;
}

/** The facts that decide how rows are written. */
export interface RunRules {
  /** By column of the shape: the database has a default for it that is not NULL. */
  readonly defaulted: readonly boolean[];
  /** COPY can write the rows, and they need no keys first. */
  readonly canCopy: boolean;
  /** COPY can write DEFAULT for one row and not for the next. */
  readonly canDefault: boolean;
  /** A column that every run names, by index. */
  readonly named: number | undefined;
}

/**
 * Puts rows into runs. A run names all columns of the runs before it. Otherwise rows that leave out different columns by
 * turns would need a statement each.
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

  /** Adds the row that the reader has just read. */
  add(chunk: LoadChunk, row: unknown, index: number, { texts, casts, needsEscape }: CellReader): void {
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
    if (run.text) chunk.size += run.text.add(texts, run.columns, !needsEscape);
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
    // A statement has to name a column, even if no row has a value.
    if (!isWider && this.#columns.length === 0) isWider = this.#isNamed[0] = true;
    if (isWider) this.#columns = [...this.#isNamed.keys()].filter((column) => this.#isNamed[column]);
    return isWider;
  }

  /** Writes NULL for a column without a default, since COPY refuses DEFAULT there. @returns whether a default is left */
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
