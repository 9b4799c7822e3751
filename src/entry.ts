/** One `values()` call: its rows, and what its caller waits for. */
import type { Conflict } from './conflict.ts';
import type { Rendered, SelectedField, TableShape } from './drizzle-facts.ts';
import type { OwnInsert } from './errors.ts';
import type { Reference } from './reference.ts';

/** An `sql` value of a row, rendered when it was given. */
export class Expression {
  constructor(readonly rendered: Rendered) {}
}

/**
 * What a row has for a column: `undefined` where the database's default applies, a value as drizzle would
 * hand it to the driver, an expression, or a reference to a column of another row.
 */
export type Cell = undefined | null | Expression | Reference | DriverValue;
export type DriverValue = string | number | bigint | boolean | object;

/** The cells of a row, in the order of the shape's columns. */
export type Row = readonly Cell[];

export type Outcome =
  | {
      /** What awaiting the insert gives. */
      readonly value: () => unknown;
      /** What `db.execute(insert)` gives: the driver's own rows. */
      readonly driverValue: () => unknown;
    }
  | { readonly error: Error };

export class Entry {
  returning: readonly SelectedField[] | undefined;
  conflict: Conflict | undefined;
  /** Somebody waits for the result; outside a transaction only such entries are flushed unasked. */
  awaited = false;
  /** Its place among the calls of its queue, which it keeps when it is taken out for a while. */
  place: number | undefined;
  /** A queue holds it. */
  queued = false;
  /** Taken by a flush: it is written, or being written, and no queue holds it any more. */
  taken = false;
  outcome: Outcome | undefined;
  /** drizzle's cache has been told of it; resolves to why it objected. */
  mutation: Promise<Error | undefined> | undefined;
  /** Columns that a reference names, by index. */
  readonly referenced = new Set<number>();
  /** Values that the server told of columns the rows left out, by column index. */
  readonly known = new Map<number, unknown[]>();
  /** Keys that were taken for its rows, and stay theirs when they are sent again, as text. */
  readonly allotted = new Map<number, (string | undefined)[]>();
  #result: Promise<unknown> | undefined;
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(
    readonly shape: TableShape,
    readonly rows: readonly Row[],
    /** Every reference in the rows. */
    readonly references: Reference[],
    /** Those among them that stand inside an expression. */
    readonly embedded: Reference[],
    readonly overriding: boolean,
    /** An estimate, see `sizeOf`. */
    readonly bytes: number,
    readonly describe: OwnInsert['describe'],
  ) {}

  get own(): OwnInsert {
    return { table: this.shape.name, rows: this.rows.length, describe: this.describe };
  }

  /** Settles the caller's promise now, or as soon as somebody asks for it. The first outcome stands. */
  conclude(outcome: Outcome): void {
    if (this.outcome) return;
    this.outcome = outcome;
    if (this.#resolve && this.#reject) deliver(outcome, this.#resolve, this.#reject);
  }

  /** Keys of a table that is gone are not those of the one in its place. */
  forgetKeys(): void {
    this.known.clear();
    this.allotted.clear();
  }

  /** What the server made, or will make, for a column that a row left out, as far as it is known. */
  made(row: number, column: number): unknown {
    // What a conflict clause makes of the row only the answer can tell.
    const key = this.conflict ? undefined : this.allotted.get(column)?.[row];
    return key ?? this.known.get(column)?.[row];
  }

  /** What `db.execute(insert)` gives, once the insert has been written. */
  async driverResult(): Promise<unknown> {
    const value = await this.result();
    return this.outcome && 'driverValue' in this.outcome ? this.outcome.driverValue() : value;
  }

  /** The one promise of this insert; asking again gives the same rows, or the same error. */
  result(): Promise<unknown> {
    if (!this.#result) {
      this.#result = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      // Whoever awaits sees the error; that nobody does is the flush's or the transaction's to report.
      this.#result.catch(() => {});
      if (this.outcome && this.#resolve && this.#reject) deliver(this.outcome, this.#resolve, this.#reject);
    }
    return this.#result;
  }
}

function deliver(outcome: Outcome, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
  if ('error' in outcome) {
    reject(outcome.error);
    return;
  }
  try {
    resolve(outcome.value());
  } catch (error) {
    // A decoder of the caller's own column type may throw; that is the caller's error, as in drizzle.
    reject(error as Error);
  }
}
