/** One `values()` call: its rows, and what its caller waits for. */

import { Param, SQL, StringChunk } from '../drizzle/exports.ts';
import { Expression } from '../drizzle/render.ts';
import type { SelectedField } from '../drizzle/selection.ts';
import { columnAt, keyCast, type TableShape } from '../drizzle/table.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Conflict } from './conflict.ts';
import { EntryExtras } from './entry-extras.ts';
import type { Form, Rows } from './form.ts';
import { findPlace, type KeyRun } from './key-run.ts';
import { settled, type Waiting, wait } from './result.ts';

/**
 * What a row has for a column: `undefined` where the database's default applies, a value as drizzle would
 * hand it to the driver, an expression, or a reference to a column of another row.
 */
export type Cell = undefined | null | Expression | Reference | DriverValue;

export type DriverValue = string | number | bigint | boolean | object;

export interface Outcome {
  /** Why the insert failed. */
  readonly error?: Error;
  /** What awaiting the insert gives. */
  value?(entry: Entry): unknown;
  /** What `db.execute(insert)` gives: the driver's own rows. */
  driverValue?(entry: Entry): unknown;
}

/** Entries are held by the million until a flush: what few have stands in sets and maps made when they have it. */
export class Entry implements Rows<Cell> {
  returning: readonly SelectedField[] | undefined;
  conflict: Conflict | undefined;
  /** Somebody waits for the result; outside a transaction only such entries are flushed unasked. */
  awaited = false;
  /** A queue holds it; or a flush has taken it, so that it is written, or being written, and no queue does. */
  state: 'loose' | 'queued' | 'taken' = 'loose';
  /** Its place among the calls of its queue, which it keeps when it is taken out for a while; -1 before. */
  place = -1;
  outcome: Outcome | undefined;
  /** Keys that were taken for its rows, and stay theirs when they are sent again. */
  allotted: KeyRun | undefined;
  #extras: EntryExtras<Reference> | undefined;
  #result: Promise<unknown> | Waiting | undefined;

  constructor(
    readonly shape: TableShape,
    /** How many rows. */
    readonly count: number,
    readonly cells: readonly Cell[],
    readonly forms: Form | readonly Form[],
    /** Every reference in the rows. */
    public references: readonly Reference[],
    /** Those among them that stand inside an expression. */
    embedded: readonly Reference[],
    readonly overriding: boolean,
    /** An estimate, see `sizeOf`. */
    readonly bytes: number,
  ) {
    if (embedded.length > 0) this.#extras = new EntryExtras(embedded);
  }

  /** References that stand inside an expression. */
  get embedded(): readonly Reference[] {
    return this.#extras?.embedded ?? noReferences;
  }

  cell(row: number, column: number): Cell {
    return this.cells[row * this.shape.columns.length + column];
  }

  /** Columns that a reference names, by index. */
  get referenced(): ReadonlySet<number> {
    return this.#extras?.referenced ?? nothing;
  }

  /** A reference names a column. */
  refer(column: number): void {
    this.#extras ??= new EntryExtras();
    this.#extras.referenced.add(column);
  }

  /** An expression of the insert refers to other rows. */
  embed(references: readonly Reference[]): void {
    if (references.length === 0) return;
    this.references = [...this.references, ...references];
    this.#extras ??= new EntryExtras();
    this.#extras.embedded = [...this.#extras.embedded, ...references];
  }

  /** Settles the caller's promise now, or as soon as somebody asks for it. The first outcome stands. */
  conclude(outcome: Outcome): void {
    if (this.outcome) return;
    this.outcome = outcome;
    const waiting = this.#result;
    if (!waiting || waiting instanceof Promise) return;
    this.#result = waiting.promise;
    waiting.resolve(settled(outcome.error, () => outcome.value?.(this)));
  }

  /** Keeps a value that the server told; what the caller gave, or refers to, is known where it stands. */
  rememberValue(row: number, column: number, value: unknown): void {
    if (this.cell(row, column) !== undefined) return;
    this.#extras ??= new EntryExtras();
    getOrInsert(this.#extras.values, column, () => [])[row] = value;
  }

  /** What the answers of a transaction told that rolled back says nothing of the next; keys that were told stay. */
  forgetValues(): void {
    this.#extras?.values.clear();
    while (this.allotted && !this.allotted.list.keys) this.allotted = this.allotted.before;
  }

  /** Keys of a table that is gone are not those of the one in its place. */
  forgetKeys(): void {
    this.#extras?.values.clear();
    this.allotted = undefined;
  }

  /** The key that was taken for a column that a row left out, as text. */
  key(row: number, column: number): string | undefined {
    const place = findPlace(this.allotted, row, column);
    return place?.list.keys?.at(place.position - 1);
  }

  /** What the server made, or will make, for a column that a row left out, as far as it is known. */
  generatedValue(row: number, column: number): unknown {
    // What a conflict clause makes of the row only the answer can tell.
    const key = this.conflict ? undefined : this.key(row, column);
    return key ?? this.#extras?.values.get(column)?.[row];
  }

  /** What `db.execute(insert)` gives, once the insert has been written. */
  async driverResult(): Promise<unknown> {
    const value = await this.result();
    return this.outcome?.driverValue ? this.outcome.driverValue(this) : value;
  }

  /** The one promise of this insert; asking again gives the same rows, or the same error. */
  result(): Promise<unknown> {
    const { outcome } = this;
    this.#result ??= outcome ? settled(outcome.error, () => outcome.value?.(this)) : wait();
    return this.#result instanceof Promise ? this.#result : this.#result.promise;
  }
}

const nothing: ReadonlySet<number> = new Set();

const noReferences: readonly Reference[] = [];

/**
 * Stands for the value that a column of a queued row will have. drizzle takes it wherever it takes SQL; an
 * insert of the same queue finds the key in the server, by position.
 */
export class Reference<T = unknown> extends SQL<T> {
  /** The row that has the value, where a reference names a column that itself holds a reference. */
  readonly origin: Reference;

  constructor(
    readonly entry: Entry,
    readonly row: number,
    readonly column: number,
  ) {
    super([]);
    const cell = entry.cell(row, column);
    this.origin = cell instanceof Reference ? cell.origin : this;
    const encoder = {
      mapToDriverValue: () => {
        const value = this.value();
        return value === undefined ? new DeferredValue(this) : value;
      },
    };
    this.queryChunks.push(new Param<unknown, unknown>(undefined, encoder));
    const { column: target, isKeyed } = columnAt(entry.shape, column);
    // A parameter alone in a select list would come back as text.
    if (isKeyed) this.queryChunks.push(new StringChunk(keyCast(target)));
    this.mapWith(target);
  }

  /** The value where it is known, given by the caller or made by the server; of a failed insert there is none. */
  value(): DriverValue | null | undefined {
    const { entry, row, column } = this.origin;
    if (entry.outcome?.error) return undefined;
    const generated = entry.generatedValue(row, column);
    if (generated !== undefined) return generated as DriverValue | null;
    const cell = entry.cell(row, column);
    return cell instanceof Expression || cell instanceof Reference ? undefined : cell;
  }

  get name(): string {
    return `${this.entry.shape.name}.${columnAt(this.entry.shape, this.column).name}`;
  }
}

/** A reference among the parameters of a statement that was built before its insert was written. */
export class DeferredValue {
  constructor(readonly reference: Reference) {}
}
