/** One `values()` call: its rows, and its caller's promise. */

import { Param, SQL, StringChunk } from '../drizzle/exports.ts';
import { giveKind } from '../drizzle/kind.ts';
import { Expression } from '../drizzle/render.ts';
import type { SelectedField } from '../drizzle/selected-field.ts';
import { columnAt, keyCast, type TableShape } from '../drizzle/table.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Conflict } from './conflict.ts';
import { DeferredValue } from './deferred.ts';
import { EntryExtras } from './entry-extras.ts';
import type { Form, Rows } from './form.ts';
import { findPlace, type KeyRun } from './key-run.ts';
import type { LateEntry } from './late-entry.ts';
import { isOfServer, paramOf } from './of-server.ts';
import { Promised } from './promised.ts';
import type { Settling } from './result.ts';

/**
 * The value of a row for a column: `undefined` for the database's default, a value as drizzle would pass it
 * to the driver, an expression, or a reference to a column of another row.
 */
export type Cell = undefined | null | Expression | Reference | DriverValue;

export type DriverValue = string | number | bigint | boolean | object;

export interface Outcome extends Settling<Entry> {
  /** The rows are written, and the client's parser refuses a value. */
  readonly unreadable?: Error | undefined;
  /** The result of `db.execute(insert)`: the driver's own rows. */
  driverValue?(entry: Entry): unknown;
}

/** Millions may be in memory: rare properties are in `EntryExtras`, made on demand. */
export class Entry extends Promised<Outcome> implements Rows<Cell> {
  returning: readonly SelectedField[] | undefined;
  conflict: Conflict | undefined;
  /** The caller awaits the result. Outside a transaction only such entries are flushed unasked. */
  awaited = false;
  /** In no queue; in a queue; or taken by a flush, which writes it or has written it. */
  state: 'loose' | 'queued' | 'taken' = 'loose';
  /** The number of its call in its queue, kept if it is withdrawn and pushed again; -1 before. */
  call = -1;
  /** Keys that were drawn for its rows, used again if the rows are sent again. */
  allotted: KeyRun | undefined;
  /** It may be answered before it is written. */
  late: LateEntry | undefined;
  /** References to values that were given: an update may still be chained, which leaves others. */
  namedAsGiven: Reference[] | undefined;
  #extras: EntryExtras<Reference> | undefined;

  constructor(
    readonly shape: TableShape,
    /** The number of rows. */
    readonly count: number,
    readonly cells: readonly Cell[],
    readonly forms: Form | readonly Form[],
    /** Every reference in the rows. */
    public references: readonly Reference[],
    /** The references inside an expression. */
    embedded: readonly Reference[],
    readonly overriding: boolean,
    /** An estimate, see `sizeOf`. */
    readonly bytes: number,
  ) {
    super();
    if (embedded.length > 0) this.#extras = new EntryExtras(embedded);
  }

  /** References inside an expression. */
  get embedded(): readonly Reference[] {
    return this.#extras?.embedded ?? [];
  }

  cell(row: number, column: number): Cell {
    const { length } = this.shape.columns;
    // No row has a value of its own in a generated column.
    return column < length ? this.cells[row * length + column] : undefined;
  }

  /** Columns that references point at, by index. */
  get referencedColumns(): ReadonlySet<number> {
    return this.#extras?.referencedColumns ?? nothing;
  }

  /** What stands behind its statement, and so never in a shared one: drizzle 1.0's `comment()`, with a space before it. */
  get comment(): string {
    return this.#extras?.comment ?? '';
  }

  /** Records that a reference points at a column. */
  refer(column: number): void {
    this.extras.referencedColumns.add(column);
  }

  /** Records that an expression of the insert refers to other rows. */
  embed(references: readonly Reference[]): void {
    if (references.length === 0) return;
    this.references = [...this.references, ...references];
    this.extras.embedded = [...this.embedded, ...references];
  }

  /** What the caller asked for, whoever answers it. */
  get asked(): readonly SelectedField[] | undefined {
    return this.late?.asked ?? this.returning;
  }

  /** Gives the caller what the server is going to answer. The rows are still to be written, and nothing be returned. */
  tell(value: unknown): void {
    this.late?.tell(this.returning);
    this.returning = undefined;
    this.resolve(value);
  }

  /** Keeps a value that the server returned. Values from the caller are in `cells` already. */
  rememberValue(row: number, column: number, value: unknown): void {
    if (isOfServer(this, row, column)) getOrInsert(this.extras.values, column, () => [])[row] = value;
  }

  /** Drops values of a transaction that rolled back. Known keys stay: sequences are not rolled back. */
  forgetValues(): void {
    this.#extras?.values.clear();
    while (this.allotted && !this.allotted.list.keys) this.allotted = this.allotted.before;
  }

  /** The keys of a dropped table are not valid for the table that replaces it. */
  forgetKeys(): void {
    this.#extras?.values.clear();
    // A key that the caller has been told is the row's.
    if (!this.late?.isTold) this.allotted = undefined;
  }

  /** Made when they are asked for. */
  get extras(): EntryExtras<Reference> {
    this.#extras ??= new EntryExtras();
    return this.#extras;
  }

  /** The key that was drawn for a column that a row left out, as text. */
  key(row: number, column: number): string | undefined {
    const place = findPlace(this.allotted, row, column);
    return place?.list.keys?.at(place.position - 1);
  }

  /** The value that the server has made for a column; `undefined` if it is not known yet. */
  generatedValue(row: number, column: number): unknown {
    // After a conflict the row may have another key, which only RETURNING shows.
    const key = this.conflict ? undefined : this.key(row, column);
    return key ?? this.#extras?.values.get(column)?.[row];
  }
}

const nothing: ReadonlySet<number> = new Set();

/**
 * The future value of a column of a queued row. drizzle accepts it wherever it accepts SQL. An insert of the
 * same queue looks the key up in the server, by position.
 */
export class Reference<T = unknown> extends SQL<T> {
  /** The reference with the value, if this one points at a cell that itself holds a reference. */
  origin: Reference;

  constructor(
    readonly entry: Entry,
    readonly row: number,
    readonly column: number,
  ) {
    super([]);
    const cell = entry.cell(row, column);
    this.origin = cell instanceof Reference && !isOfServer(entry, row, column) ? cell.origin : this;
    const mapToDriverValue = () => {
      const value = this.value();
      return value === undefined ? new DeferredValue(this) : paramOf(this.origin, value);
    };
    this.queryChunks.push(new Param<unknown, unknown>(undefined, { mapToDriverValue }));
    const { column: target, isKeyed } = columnAt(entry.shape, column);
    // A parameter alone in a select list would be returned as text.
    if (isKeyed) this.queryChunks.push(new StringChunk(keyCast(target)));
    this.mapWith(target);
  }

  /** The value if it is known, from the caller or the server. A failed insert has none. */
  value(): DriverValue | null | undefined {
    const { entry, row, column } = this.origin;
    if (entry.outcome?.error) return undefined;
    const made = entry.generatedValue(row, column) as DriverValue | null | undefined;
    if (made !== undefined || isOfServer(entry, row, column)) return made;
    const cell = entry.cell(row, column);
    return cell instanceof Expression || cell instanceof Reference ? undefined : cell;
  }
}

giveKind(Reference, 'BatchedReference');
