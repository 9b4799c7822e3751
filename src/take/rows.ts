/** The values of a `values()` call → rows that the caller can't change any more. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import { givenFor } from '#version/drizzle/given';
import { is, SQL } from '../drizzle/exports.ts';
import { Expression, isPlaceholder, type Rendered, render } from '../drizzle/render.ts';
import type { InsertColumn, TableShape } from '../drizzle/table.ts';
import { DeferredValue } from './deferred.ts';
import { type Cell, type DriverValue, Reference } from './entry.ts';
import { type Form, formsOfTable, Given, type Rows } from './form.ts';
import { sizeOf, snapshot } from './snapshot.ts';

export interface TakenRows extends Rows<Cell> {
  readonly references: readonly Reference[];
  /** The references that are part of an expression. */
  readonly embedded: readonly Reference[];
  readonly bytes: number;
}

/**
 * Reads the rows by drizzle's own rules: `$defaultFn` and `$onUpdateFn` run here, once, and each value passes
 * its column's mapping.
 *
 * @param isOverriding the insert is `overridingSystemValue()`
 * @returns `undefined` if a value holds a `sql.placeholder`, which only a prepared statement can fill
 * @throws the error of a column's mapping for a value that it refuses, or of what is no row
 */
export function takeRows(
  shape: TableShape,
  values: readonly Record<string, unknown>[],
  isOverriding = false,
): TakenRows | undefined {
  const { columns, dialect } = shape;
  const known = formsOfTable(shape);
  // Allocated at full length: an array that grows by pushing reserves half as much again.
  const cells: Cell[] = new Array(values.length * columns.length);
  // Most entries have none, and share one empty array.
  let references: Reference[] | undefined;
  let embedded: Reference[] | undefined;
  let bytes = 0;
  let place = 0;
  let first: Form | undefined;
  let forms: Form[] | undefined;
  for (let row = 0; row < values.length; row++) {
    const given = values[row] as Record<string, unknown>;
    const isBare = Object.getPrototypeOf(given) === Object.prototype;
    let form = known.empty;
    for (const column of columns) {
      const isIgnored = column.isIgnored && !isOverriding;
      const cell = isIgnored ? undefined : takeCell(dialect, column, givenFor(given, column.key, isBare));
      if (cell === placeholder) return undefined;
      cells[place++] = cell;
      const what = givenBy(cell);
      form = form.with(what);
      if (cell instanceof Reference) {
        references ??= [];
        references.push(cell);
      } else if (cell instanceof Expression) {
        embedded ??= [];
        embedded.push(...lateReferences(cell.rendered));
        for (const param of cell.rendered.params)
          if (!(param instanceof DeferredValue)) bytes += sizeOf(param);
      }
      if (what === Given.value) bytes += sizeOf(cell);
    }
    first ??= form;
    if (form !== first) forms ??= new Array<Form>(row).fill(first);
    forms?.push(form);
  }
  return {
    cells,
    forms: forms ?? first ?? [],
    references: references && embedded ? [...references, ...embedded] : (references ?? embedded ?? none),
    embedded: embedded ?? none,
    bytes,
  };
}

const none: readonly never[] = [];

export const placeholder = Symbol('placeholder');

/** The cell for a column whose property has the value `given`. */
export function takeCell(
  dialect: PgDialect,
  { fill, encode, cast }: InsertColumn,
  given: unknown,
): Cell | typeof placeholder {
  const isFilled = given === undefined && fill !== undefined;
  const value = isFilled ? fill() : given;
  if (value === undefined && !isFilled) return value;
  if (value === null) return cast ? takeExpression(dialect, cast(value)) : value;
  const isObject = typeof value === 'object';
  if (isObject && isPlaceholder(value)) return placeholder;
  const mapped = !encode || (isObject && is(value, SQL)) ? value : encode(value);
  if (cast && !is(mapped, SQL)) return takeExpression(dialect, cast(mapped));
  if (typeof mapped === 'string' || typeof mapped === 'number') return mapped;
  if (mapped instanceof Reference) return mapped;
  if (mapped === undefined) return new Expression(nothingMapped);
  return is(mapped, SQL) ? takeExpression(dialect, mapped) : (snapshot(mapped) as DriverValue | null);
}

/** A value that the driver refuses, or writes as NULL if the client has it so. */
export const nothingMapped: Rendered = { texts: ['', ''], params: [undefined] };

function takeExpression(dialect: PgDialect, expression: SQL): Cell | typeof placeholder {
  const rendered = renderSnapshot(dialect, expression);
  if (!rendered) return placeholder;
  const { texts, params } = rendered;
  // drizzle users write `sql`default`` to leave a column out.
  if (params.length === 0 && /^\s*default\s*$/i.test(texts.join(''))) return undefined;
  return new Expression(rendered);
}

export function givenBy(cell: Cell): Given {
  if (cell === undefined) return Given.nothing;
  if (typeof cell !== 'object') return Given.value;
  if (cell instanceof Expression) return Given.expression;
  return cell instanceof Reference ? Given.reference : Given.value;
}

/** An expression that later changes can't reach; `undefined` if it holds a placeholder. */
export function renderSnapshot(dialect: PgDialect, expression: SQL): Rendered | undefined {
  const { texts, params } = render(dialect, expression);
  if (params.some(isPlaceholder)) return undefined;
  return { texts, params: params.map((param) => (param instanceof DeferredValue ? param : snapshot(param))) };
}

/** The references of an expression whose values are not known yet. */
export function lateReferences({ params }: Rendered): Reference[] {
  return params.filter((param) => param instanceof DeferredValue).map((late) => late.reference);
}
