/** A row of the source → the text of each of its columns. */

import type { PgColumn } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import { Column } from '../drizzle/exports.ts';
import { Expression } from '../drizzle/render.ts';
import type { InsertColumn, TableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { type Cell, Reference } from '../take/entry.ts';
import { takeCell } from '../take/rows.ts';
import { isSpecial, type TextCell } from '../write/copy-text.ts';
import { nameOf } from './source.ts';

/** A row that can't be sent, and because of which of its columns. */
export class CellError extends Error {
  constructor(
    override readonly cause: Error,
    /** The property of the table object. */
    readonly column?: string,
  ) {
    super(cause.message);
  }
}

/** What is asked of each row again, looked up once for the load. */
interface CellRule extends InsertColumn {
  readonly type: number;
  readonly base: number | undefined;
  /** GENERATED ALWAYS AS IDENTITY, into which COPY would write what an INSERT refuses. */
  readonly always: boolean;
  /** A text or a number goes to the driver as it is: the column has drizzle's own mapping, which does nothing. */
  readonly isUnmapped: boolean;
  /** Its mapping is drizzle's own, which may be asked twice for what is no text then. */
  readonly isPure: boolean;
  /** How the client writes a text or a number for the type, where not as it is. */
  readonly write: ((value: string | number) => string) | undefined;
  /** A value is made in JavaScript where a row has none. */
  readonly isFilled: boolean;
  /** A boolean is read from its text. */
  readonly isBoolean: boolean;
}

const isEnumerable = Object.prototype.propertyIsEnumerable;

/** Reads rows by the rules of `values()`, one at a time, and keeps nothing of them but text. */
export class CellReader {
  /** The row that was read last, in the order of the shape's columns. */
  readonly texts: TextCell[];
  /**
   * The types that the driver declares for values of that row where the server makes of them something else than of their text,
   * by column; `undefined` where there is none.
   */
  casts: (string | undefined)[] | undefined;
  /** No text of that row has a character that COPY would have to escape. */
  isPlain = true;
  readonly #context: FlushContext;
  readonly #rules: readonly CellRule[];
  /** The place of each property in the rules. */
  readonly #places: ReadonlyMap<string, number>;
  /** What the row gives, before it is read. */
  readonly #given: unknown[];
  /** Nobody has given all objects a property. */
  readonly #isUntouched = Object.keys(Object.prototype).length === 0;

  constructor(context: FlushContext, shape: TableShape, facts: TableFacts | undefined) {
    this.#context = context;
    this.texts = new Array(shape.columns.length).fill(undefined);
    this.#rules = shape.columns.map((column) => {
      const { type = 0, base, always = false } = facts?.columns.get(column.name) ?? {};
      return {
        ...column,
        type,
        base,
        always,
        isUnmapped: column.column.mapToDriverValue === Column.prototype.mapToDriverValue,
        isPure: isFromDrizzle(column.column),
        write: context.driver.values.textWriter(type),
        isFilled: isFilled(column.column),
        isBoolean: base === undefined || !context.driver.values.isCastFromDeclared(true, base),
      };
    });
    this.#places = new Map(shape.columns.map(({ key }, index) => [key, index]));
    this.#given = new Array(shape.columns.length).fill(undefined);
  }

  /** @throws {CellError} for what is no row, and for a value that its column can't take */
  read(row: unknown): void {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || row instanceof Uint8Array) {
      throw new CellError(new TypeError(`got ${nameOf(row)} for a row; allowed: an object`));
    }
    this.casts = undefined;
    this.isPlain = true;
    this.#take(row as Record<string, unknown>);
    const rules = this.#rules;
    for (let index = 0; index < rules.length; index++) {
      this.texts[index] = this.#text(rules[index] as CellRule, index, this.#given[index]);
    }
  }

  /** drizzle looks at own properties that can be enumerated, which to ask one by one takes longer than all the rest. */
  #take(row: Record<string, unknown>): void {
    const given = this.#given;
    given.fill(undefined);
    if (Object.getPrototypeOf(row) === Object.prototype && this.#isUntouched) {
      for (const key in row) {
        const place = this.#places.get(key);
        if (place !== undefined) given[place] = row[key];
      }
      return;
    }
    for (const [key, place] of this.#places) if (isEnumerable.call(row, key)) given[place] = row[key];
  }

  #ofString({ write }: CellRule, value: string): string {
    const text = write ? write(value) : value;
    if (this.isPlain && isSpecial(text)) this.isPlain = false;
    return text;
  }

  #text(rule: CellRule, index: number, given: unknown): TextCell {
    if (given === null || (given === undefined && !rule.isFilled)) return given as null | undefined;
    try {
      if (rule.always) throw new TypeError('the column is GENERATED ALWAYS, and takes no value');
      if (rule.isUnmapped) {
        if (typeof given === 'string') return this.#ofString(rule, given);
        if (typeof given === 'number') return rule.write ? rule.write(given) : `${given}`;
        if (typeof given === 'boolean' && rule.isBoolean) return given ? 'true' : 'false';
      }
      if (rule.isPure && given !== undefined && (typeof given !== 'object' || given instanceof Date)) {
        const mapped = rule.column.mapToDriverValue(given);
        if (typeof mapped === 'string') return this.#ofString(rule, mapped);
      }
      const { dialect, driver } = this.#context;
      const cell = known(takeCell(dialect, rule, given));
      if (cell === undefined || cell === null) return cell;
      const { values } = driver;
      const text = values.serialize(cell, rule.type);
      if (this.isPlain && isSpecial(text)) this.isPlain = false;
      if (rule.base !== undefined && values.isCastFromDeclared(cell, rule.base)) {
        this.casts ??= new Array(this.#rules.length).fill(undefined);
        this.casts[index] = values.declaredType(cell)?.name;
      }
      return text;
    } catch (error) {
      throw new CellError(asError(error), rule.key);
    }
  }
}

/** Not a mapping of the caller's, nor one of an array of his type. */
function isFromDrizzle({ columnType }: PgColumn): boolean {
  return columnType !== 'PgCustomColumn' && columnType !== 'PgArray';
}

function isFilled({ defaultFn, onUpdateFn }: PgColumn): boolean {
  return defaultFn !== undefined || onUpdateFn !== undefined;
}

/** What a load can send: the values of rows, and nothing that the server would have to work out. */
function known(cell: Cell | symbol): Cell {
  const value = cell instanceof Reference ? cell.value() : cell;
  if (cell instanceof Reference && value === undefined) {
    throw new TypeError(`ref to ${cell.name}: its row is not written, or nobody had asked for the column`);
  }
  if (value instanceof Expression || typeof value === 'symbol') {
    throw new TypeError(
      'an sql expression or a placeholder can not be loaded, only values; use insert() for such rows',
    );
  }
  return value;
}
