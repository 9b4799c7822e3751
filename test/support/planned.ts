import fc from 'fast-check';
import { type Chunk, isKeyPlace, type PlannedCell } from '../../src/plan/chunk.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Entry } from '../../src/take/entry.ts';
import type { KeyPlace } from '../../src/take/key-run.ts';
import { type Batch, batches } from './arbitrary-entries.ts';
import { planOf } from './entries.ts';

export const anyBatch = batches({ expression: 1 });

/** Checks a property of the plans of random batches. */
export function checkPlans(batch: fc.Arbitrary<Batch>, property: (plan: Plan, batch: Batch) => void): void {
  fc.assert(
    fc.property(batch, (given) => property(planOf(given.entries, given.options), given)),
    { numRuns: 300 },
  );
}

/** A row as a number that rises in call order. */
export const rowName = (entries: readonly Entry[], entry: Entry, row: number): number =>
  entries.indexOf(entry) * 1_000 + row;

/** A row of a chunk, with its statement's cell for each column. */
export interface PlannedRow {
  readonly entry: Entry;
  readonly row: number;
  readonly cells: readonly PlannedCell[];
}

export const plannedRows = (chunk: Chunk): PlannedRow[] =>
  chunk.rows.map((row, index) => ({
    entry: chunk.entries[index] as Entry,
    row,
    cells: chunk.shape.columns.map((_, column) => chunk.cell(index, column)),
  }));

export const rowNames = (chunk: Chunk, entries: readonly Entry[]): number[] =>
  plannedRows(chunk).map(({ entry, row }) => rowName(entries, entry, row));

/** The keys given to rows for columns that they leave out, by table and column, in call order. */
export function keysTaken({ chunks }: Plan, entries: readonly Entry[]): Map<string, KeyPlace[]> {
  const taken = new Map<string, KeyPlace[]>();
  const rows = chunks.flatMap(plannedRows);
  const inCallOrder = rows.toSorted(
    (a, b) => rowName(entries, a.entry, a.row) - rowName(entries, b.entry, b.row),
  );
  for (const { entry, row, cells } of inCallOrder) {
    for (const [column, cell] of cells.entries()) {
      if (!isKeyPlace(cell) || entry.cell(row, column) !== undefined) continue;
      const name = `${entry.shape.name}.${column}`;
      taken.set(name, [...(taken.get(name) ?? []), cell]);
    }
  }
  return taken;
}
