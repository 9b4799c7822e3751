/** Selections of `returning()`, and the rows that drizzle makes of an answer. */
import * as drizzle from 'drizzle-orm';
import { Column, is, type SQL } from 'drizzle-orm';

/** A column or expression that `returning()` selects. Selections are in the order of the answer's columns. */
export type SelectedField = { readonly path: string[]; readonly field: Column | SQL | SQL.Aliased };

/** Whether a selection has only columns. Such columns can serve several callers of a statement. */
export function onlyColumns(
  selection: readonly SelectedField[],
): selection is readonly (SelectedField & { readonly field: Column })[] {
  return selection.every(({ field }) => is(field, Column));
}

/** The selection of `returning(fields)`, in the order of the answer's columns. */
export function orderSelection(fields: object): readonly SelectedField[] {
  return (drizzle as any).orderSelectedFields(fields);
}

/** A row of the driver's answer as drizzle returns it to the caller. */
export function mapRow(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  // drizzle itself maps nested fields and decoders of expressions.
  if (!selection.every(isFlat)) return (drizzle as any).mapResultRow(selection, row, undefined);
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const { path, field } = selection[index] as SelectedField;
    const value = row[index];
    mapped[path[0] as string] = value === null ? null : (field as Column).mapFromDriverValue(value);
  }
  return mapped;
}

/** A row with one and the same driver value in every column. */
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
