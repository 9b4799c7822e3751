/** A row of the source → the text of each of its columns. */

import type { PgColumn } from 'drizzle-orm/pg-core';
import { givenFor, readsOwnOnly } from '#version/drizzle/given';
import type { FlushContext } from '../context.ts';
import { Expression } from '../drizzle/render.ts';
import type { InsertColumn, TableShape } from '../drizzle/table.ts';
import { asError, UndefinedValueError } from '../errors.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { nameOf } from '../take/deferred.ts';
import { type Cell, Reference } from '../take/entry.ts';
import { nothingMapped, takeCell } from '../take/rows.ts';
import { isSpecial, type TextCell } from '../write/copy-text.ts';
import { describeValue } from './source.ts';

/** A row that can't be sent, and the column that is the reason. */
export class CellError extends Error {
  constructor(
    override readonly cause: Error,
    /** The property of the table object. */
    readonly column?: string,
  ) {
    super(cause.message);
  }
}

/** The facts that each cell of a column needs, looked up once for the load. */
interface CellRule extends InsertColumn {
  readonly type: number;
  readonly base: number | undefined;
  /** GENERATED ALWAYS AS IDENTITY: COPY would write a value that an INSERT refuses. */
  readonly always: boolean;
  /** The mapping is drizzle's own, so that calling it twice for a value is safe. */
  readonly isPure: boolean;
  /** How the client writes a text or a number for the type; `undefined` if it sends it unchanged. */
  readonly write: ((value: string | number) => string | null) | undefined;
  /** The server reads a boolean from its text. */
  readonly isBoolean: boolean;
}

/** The type of a column that the server does not have; the server refuses the statement itself. */
const noType = 0;

/** Reads rows by the rules of `values()`, one at a time, and keeps only their text. */
export class CellReader {
  /** The row that was read last, in the order of the shape's columns. */
  readonly texts: TextCell[];
  /**
   * By column, for the same row: the type that the driver declares, if the server reads the value otherwise than its text.
   * `undefined` if the row has no such value.
   */
  casts: (string | undefined)[] | undefined;
  /** A text of the same row has a character that COPY must escape. */
  needsEscape = false;
  readonly #context: FlushContext;
  readonly #rules: readonly CellRule[];
  /** The index of each property in the rules. */
  readonly #places: ReadonlyMap<string, number>;
  /** The row's values before they are read. */
  readonly #given: unknown[];
  /** `Object.prototype` has no enumerable property, so that `for … in` over a plain object finds own properties only. */
  readonly #isUntouched = Object.keys(Object.prototype).length === 0;

  constructor(context: FlushContext, shape: TableShape, facts: TableFacts | undefined) {
    this.#context = context;
    this.texts = new Array(shape.columns.length).fill(undefined);
    this.#rules = shape.columns.map((column) => ruleOf(context, column, facts));
    this.#places = new Map(shape.columns.map(({ key }, index) => [key, index]));
    this.#given = new Array(shape.columns.length).fill(undefined);
  }

  /** @throws {CellError} if `row` is not an object, or if a column can't take its value */
  read(row: unknown): void {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || row instanceof Uint8Array) {
      throw new CellError(new TypeError(`got ${describeValue(row)} for a row; allowed: an object`));
    }
    this.casts = undefined;
    this.needsEscape = false;
    this.#take(row as Record<string, unknown>);
    const rules = this.#rules;
    for (let index = 0; index < rules.length; index++) {
      this.texts[index] = this.#text(rules[index] as CellRule, index, this.#given[index]);
    }
  }

  /** Takes the properties that drizzle reads. Checking that each one is enumerable would take longer than all the rest. */
  #take(row: Record<string, unknown>): void {
    const given = this.#given;
    given.fill(undefined);
    const isBare = Object.getPrototypeOf(row) === Object.prototype;
    if (readsOwnOnly && isBare && this.#isUntouched) {
      for (const key in row) {
        const place = this.#places.get(key);
        if (place !== undefined) given[place] = row[key];
      }
      return;
    }
    for (const [key, place] of this.#places) given[place] = givenFor(row, key, isBare);
  }

  #ofString({ write }: CellRule, value: string): string | null {
    const text = write ? write(value) : value;
    if (text !== null && !this.needsEscape && isSpecial(text)) this.needsEscape = true;
    return text;
  }

  #text(rule: CellRule, index: number, given: unknown): TextCell {
    if (rule.isIgnored) return undefined;
    if (given === undefined && !rule.fill) return undefined;
    if (given === null && !rule.cast) return null;
    try {
      if (rule.always) throw new TypeError('the column is GENERATED ALWAYS, and takes no value');
      if (!rule.encode && !rule.cast) {
        if (typeof given === 'string') return this.#ofString(rule, given);
        if (typeof given === 'number') return rule.write ? rule.write(given) : `${given}`;
        if (typeof given === 'boolean' && rule.isBoolean) return given ? 'true' : 'false';
      }
      if (
        rule.encode &&
        rule.isPure &&
        given !== undefined &&
        (typeof given !== 'object' || given instanceof Date)
      ) {
        const mapped = rule.encode(given);
        if (typeof mapped === 'string') return this.#ofString(rule, mapped);
      }
      const { dialect, driver } = this.#context;
      const { values } = driver;
      const cell = loadable(takeCell(dialect, rule, given), rule.name, values.undefinedIsNull);
      if (cell === undefined || cell === null) return cell;
      const text = values.serialize(cell, rule.type);
      if (text !== null && !this.needsEscape && isSpecial(text)) this.needsEscape = true;
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

function ruleOf({ driver }: FlushContext, column: InsertColumn, facts: TableFacts | undefined): CellRule {
  const known = facts?.columns.get(column.name);
  const type = known ? known.type : noType;
  return {
    ...column,
    type,
    base: known?.base,
    always: known?.always === true,
    isPure: isFromDrizzle(column.column) && !column.cast,
    write: driver.values.textWriter(type),
    isBoolean: known === undefined || !driver.values.isCastFromDeclared(true, known.base),
  };
}

/** Whether drizzle wrote the mapping: a custom type has the caller's, and an array may have a custom element type. */
function isFromDrizzle({ columnType }: PgColumn): boolean {
  return columnType !== 'PgCustomColumn' && columnType !== 'PgArray';
}

/**
 * A load sends values only, since COPY evaluates nothing.
 *
 * @throws {TypeError} for an expression, a placeholder and a reference without a value
 */
function loadable(cell: Cell | symbol, name: string, undefinedIsNull: boolean): Cell {
  const value = cell instanceof Reference ? cell.value() : cell;
  if (cell instanceof Reference && value === undefined) {
    throw new TypeError(`ref to ${nameOf(cell)}: its row is not written, or nobody had asked for the column`);
  }
  if (value instanceof Expression && value.rendered === nothingMapped) {
    if (undefinedIsNull) return null;
    throw new UndefinedValueError(name);
  }
  if (value instanceof Expression || typeof value === 'symbol') {
    throw new TypeError(
      'an sql expression or a placeholder can not be loaded, only values; use insert() for such rows',
    );
  }
  return value;
}
