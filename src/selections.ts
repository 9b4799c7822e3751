/** What inserts return: callers in a loop ask for the same columns each time, and their selections are one. */
import { Column } from 'drizzle-orm';
import { orderSelection, type SelectedField } from './drizzle-facts.ts';

export class Selections {
  #fields: [key: string, field: unknown][] = [];
  #selection: readonly SelectedField[] = [];

  /** What `returning(fields)` selects; the same array as the last time for the same columns. */
  of(fields: object): readonly SelectedField[] {
    const given = Object.entries(fields);
    const isSame =
      given.length === this.#fields.length &&
      given.every(([key, field], index) => {
        const [lastKey, lastField] = this.#fields[index] ?? [];
        return key === lastKey && field === lastField;
      });
    if (isSame && given.length > 0) return this.#selection;
    const selection = orderSelection(fields);
    // An expression may be changed by whoever made it.
    if (given.every(([, field]) => field instanceof Column)) {
      this.#fields = given;
      this.#selection = selection;
    }
    return selection;
  }
}
