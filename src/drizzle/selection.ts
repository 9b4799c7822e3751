/** What `returning()` selects, and what drizzle makes of the rows of an answer. */
import * as drizzle from 'drizzle-orm';
import { Column, is, type SQL } from 'drizzle-orm';

/** drizzle's description of what `returning()` selects, in the order of the columns of an answer. */
export type SelectedField = { readonly path: string[]; readonly field: Column | SQL | SQL.Aliased };

/** Whether a selection names nothing but columns, which other callers of a statement may name too. */
export function onlyColumns(
  selection: readonly SelectedField[],
): selection is readonly (SelectedField & { readonly field: Column })[] {
  return selection.every(({ field }) => is(field, Column));
}

/** What `returning(fields)` selects, in the order of the columns of an answer. */
export function orderSelection(fields: object): readonly SelectedField[] {
  return (drizzle as any).orderSelectedFields(fields);
}

/** One row of the driver's answer as drizzle hands it to the caller. */
export function mapRow(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  // What is nested, or decoded by an expression, is drizzle's to say.
  if (!selection.every(isFlat)) return (drizzle as any).mapResultRow(selection, row, undefined);
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const { path, field } = selection[index] as SelectedField;
    const value = row[index];
    mapped[path[0] as string] = value === null ? null : (field as Column).mapFromDriverValue(value);
  }
  return mapped;
}

/** A row of which the driver has the same value for every column. */
export function mapSameKey(selection: readonly SelectedField[], value: unknown): Record<string, unknown> {
  if (!selection.every(isFlat)) return mapRow(selection, new Array(selection.length).fill(value));
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const { path, field } = selection[index] as SelectedField;
    mapped[path[0] as string] = (field as Column).mapFromDriverValue(value);
  }
  return mapped;
}

function isFlat({ path, field }: SelectedField): boolean {
  return path.length === 1 && field instanceof Column;
}
