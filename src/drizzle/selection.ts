/** Selections of `returning()`, and the rows that drizzle makes of an answer. */
import * as drizzle from 'drizzle-orm';
import { Column, is } from 'drizzle-orm';
import type { PgDialect } from 'drizzle-orm/pg-core';
import { mapNested } from '#version/drizzle/nested-row';
import type { SelectedField } from './selected-field.ts';

/** Whether a selection has only columns. Such columns can serve several callers of a statement. */
export function onlyColumns(
  selection: readonly SelectedField[],
): selection is readonly (SelectedField & { readonly field: Column })[] {
  return selection.every(({ field }) => is(field, Column));
}

/** The selection of `returning(fields)`, in the order of the answer's columns. */
export function orderSelection(dialect: PgDialect, fields: object): readonly SelectedField[] {
  return (drizzle as any).orderSelectedFields(fields, undefined, (dialect as any).codecs);
}

/** A row of the driver's answer as drizzle returns it to the caller. */
export function mapRow(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  if (!selection.every(isFlat)) return mapNested(selection, row);
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const selected = selection[index] as SelectedField;
    const value = row[index];
    mapped[selected.path[0] as string] = value === null ? null : decode(selected, value);
  }
  return mapped;
}

/** A row with one and the same driver value in every column. */
export function mapSameKey(selection: readonly SelectedField[], value: unknown): Record<string, unknown> {
  if (!selection.every(isFlat)) return mapRow(selection, new Array(selection.length).fill(value));
  const mapped: Record<string, unknown> = {};
  for (let index = 0; index < selection.length; index++) {
    const selected = selection[index] as SelectedField;
    mapped[selected.path[0] as string] = decode(selected, value);
  }
  return mapped;
}

function decode({ field, codec, arrayDimensions }: SelectedField, value: unknown): unknown {
  return (field as Column).mapFromDriverValue(codec ? codec(value, arrayDimensions) : value);
}

function isFlat({ path, field }: SelectedField): boolean {
  return path.length === 1 && field instanceof Column;
}
