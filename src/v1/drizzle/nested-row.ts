import * as drizzle from 'drizzle-orm';
import type { SelectedField } from '../../drizzle/selected-field.ts';
import { getOrInsert } from '../../get-or-insert.ts';

type MapRows = (rows: unknown[][]) => Record<string, unknown>[];

const mappers = new WeakMap<readonly SelectedField[], MapRows>();

/** A row with nested fields, or with expressions that have decoders: drizzle itself maps it. */
export function mapNested(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  const map = getOrInsert(mappers, selection, () => (drizzle as any).makeDefaultQueryMapper(selection));
  return map([row])[0] as Record<string, unknown>;
}
