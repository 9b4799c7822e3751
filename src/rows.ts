/** The values a caller hands to `values()` → rows that nothing outside can change any more. */
import { is, SQL } from 'drizzle-orm';
import type { PgDialect } from 'drizzle-orm/pg-core';
import {
  defaultOf,
  type InsertColumn,
  isPlaceholder,
  type Rendered,
  render,
  type TableShape,
} from './drizzle-facts.ts';
import { sizeOf, snapshot } from './encode.ts';
import { type Cell, type DriverValue, Expression, type Row } from './entry.ts';
import { UndefinedValueError } from './errors.ts';
import { LateValue, Reference } from './reference.ts';

export interface TakenRows {
  readonly rows: readonly Row[];
  readonly references: Reference[];
  /** Those among them that stand inside an expression. */
  readonly embedded: Reference[];
  readonly bytes: number;
}

/**
 * Reads the rows by drizzle's own rules: `$defaultFn` and `$onUpdateFn` run here, once, and each value
 * passes its column's `mapToDriverValue`.
 *
 * @returns `undefined` where a value holds a `sql.placeholder`, which only a prepared statement can fill.
 * @throws whatever a column's mapping throws for a value that it can't take.
 */
export function takeRows(
  dialect: PgDialect,
  shape: TableShape,
  values: readonly Record<string, unknown>[],
): TakenRows | undefined {
  const references: Reference[] = [];
  const embedded: Reference[] = [];
  const rows: Row[] = [];
  let bytes = 0;
  for (const given of values) {
    const row: Cell[] = [];
    for (const column of shape.columns) {
      const cell = takeCell(
        dialect,
        column,
        isEnumerable.call(given, column.key) ? given[column.key] : undefined,
      );
      if (cell === placeholder) return undefined;
      if (cell instanceof Reference) references.push(cell);
      else if (cell instanceof Expression) embedded.push(...lateReferences(cell.rendered));
      else bytes += sizeOf(cell);
      row.push(cell);
    }
    rows.push(row);
  }
  return { rows, references: [...references, ...embedded], embedded, bytes };
}

/** drizzle looks at own properties that can be enumerated, and at no others. */
const isEnumerable = Object.prototype.propertyIsEnumerable;

const placeholder = Symbol('placeholder');

/** What a row gives for a column, by drizzle's rules; a symbol where it holds a `sql.placeholder`. */
export function takeCell(
  dialect: PgDialect,
  { column }: Pick<InsertColumn, 'column'>,
  given: unknown,
): Cell | typeof placeholder {
  const chosen = given === undefined ? defaultOf(column) : { value: given };
  if (!chosen || chosen.value === undefined) return undefined;
  const { value } = chosen;
  if (value === null) return null;
  if (isPlaceholder(value)) return placeholder;
  const mapped = is(value, SQL) ? value : column.mapToDriverValue(value);
  if (mapped instanceof Reference) return mapped;
  if (mapped === undefined) throw new UndefinedValueError(column.name);
  return is(mapped, SQL) ? takeExpression(dialect, mapped) : (snapshot(mapped) as DriverValue | null);
}

function takeExpression(dialect: PgDialect, expression: SQL): Cell | typeof placeholder {
  const rendered = renderSnapshot(dialect, expression);
  if (!rendered) return placeholder;
  const { texts, params } = rendered;
  // `sql`default`` is no expression but the word that leaves the column out.
  if (params.length === 0 && /^\s*default\s*$/i.test(texts[0] ?? '')) return undefined;
  return new Expression(rendered);
}

/** An expression that nothing can change any more; `undefined` where it holds a placeholder. */
export function renderSnapshot(dialect: PgDialect, expression: SQL): Rendered | undefined {
  const { texts, params } = render(dialect, expression);
  if (params.some(isPlaceholder)) return undefined;
  return { texts, params: params.map((param) => (param instanceof LateValue ? param : snapshot(param))) };
}

/** The references inside an expression whose values are not known yet. */
export function lateReferences({ params }: Rendered): Reference[] {
  return params.filter((param) => param instanceof LateValue).map((late) => late.reference);
}
