/** Entries on their way to the server, of which it is not proved that they change nothing that is known. */
import type { TableShape } from '../drizzle/table.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { isProved } from '../plan/proof.ts';
import type { Entry } from '../take/entry.ts';
import { rowsWithout } from './key-block.ts';

export class Unproved {
  readonly #entries = new Set<Entry>();

  constructor(private readonly factsOf: (shape: TableShape) => TableFacts | undefined) {}

  add(entry: Entry): void {
    this.#entries.add(entry);
  }

  /** Whether some are still on their way. */
  get isAny(): boolean {
    return this.#entries.size > 0;
  }

  /** Whether one that was written may have changed something: a trigger or an expression may, of a table or a kind not proved. */
  hasChanged(): boolean {
    let hasChanged = false;
    for (const entry of this.#entries) {
      if (!entry.outcome) continue;
      this.#entries.delete(entry);
      hasChanged ||= !this.#isHarmless(entry);
    }
    return hasChanged;
  }

  #isHarmless(entry: Entry): boolean {
    const facts = this.factsOf(entry.shape);
    const isUpdating = entry.conflict?.action === 'update';
    return (
      isProved([entry], new Map([[entry.shape.table, facts]])) && (!isUpdating || facts?.updatable === true)
    );
  }

  /** Whether one into a table, except those that are answered, leaves a key to the server. */
  draws(shape: TableShape, answered: ReadonlyMap<Entry, unknown>): boolean {
    for (const entry of this.#entries) {
      const isDrawing = () =>
        shape.columns.some(({ isKeyed }, column) => isKeyed && rowsWithout(entry, column).length > 0);
      if (entry.shape === shape && !entry.outcome && !answered.has(entry) && isDrawing()) return true;
    }
    return false;
  }
}
