/**
 * Selections of a table's inserts. Callers in a loop select the same columns each time, and share one
 * selection.
 */
import { Column } from 'drizzle-orm';
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { SelectedField } from './selected-field.ts';
import { orderSelection } from './selection.ts';

export class Selections {
  readonly #dialect: PgDialect;
  #keys: readonly string[] = [];
  #columns: readonly unknown[] = [];
  #selection: readonly SelectedField[] = [];

  constructor(dialect: PgDialect) {
    this.#dialect = dialect;
  }

  /** The selection of `returning(fields)`; the same array as before for the same columns. */
  of(fields: object): readonly SelectedField[] {
    const keys = Object.keys(fields);
    if (keys.length > 0 && this.#isLast(keys, fields as Record<string, unknown>)) return this.#selection;
    const columns = Object.values(fields);
    const selection = orderSelection(this.#dialect, fields);
    // The caller may change an expression later, so it is not kept.
    if (columns.every((column) => column instanceof Column)) {
      this.#keys = keys;
      this.#columns = columns;
      this.#selection = selection;
    }
    return selection;
  }

  #isLast(keys: readonly string[], fields: Record<string, unknown>): boolean {
    if (keys.length !== this.#keys.length) return false;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      if (key !== this.#keys[index] || fields[key] !== this.#columns[index]) return false;
    }
    return true;
  }
}
