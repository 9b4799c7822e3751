import * as drizzle from 'drizzle-orm';
import type { SelectedField } from './selected-field.ts';

/** A row with nested fields, or with expressions that have decoders: drizzle itself maps it. */
export function mapNested(selection: readonly SelectedField[], row: unknown[]): Record<string, unknown> {
  return (drizzle as any).mapResultRow(selection, row, undefined);
}
