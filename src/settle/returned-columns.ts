/** Where an answer has the columns that callers and references need. */
import { columnName } from '#version/drizzle/columns';
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { columnAt, nameForReference } from '../drizzle/table.ts';
import type { Chunk } from '../plan/chunk.ts';
import type { Entry } from '../take/entry.ts';
import type { Returning } from '../write/returning.ts';

/** The positions of an entry's selected columns in the answer. */
export interface Selection {
  readonly places: readonly number[];
  readonly names: readonly string[];
}

export function selectionOf(
  { returning, shape }: Entry,
  answer: Answer,
  at: Returning['places'],
  results: ResultMaker,
): Selection {
  const fields = returning && onlyColumns(returning) ? returning : [];
  const places = fields.map(({ field }) => placeInAnswer(at, columnName(shape.dialect, field)));
  return { places, names: results.columnNames(answer, places) };
}

export function placeInAnswer(places: Returning['places'], name: string): number {
  const place = places.get(name);
  if (place === undefined) throw new Error(`the answer has no column "${name}"`);
  return place;
}

/** The columns that a reference needs or may name later, with their positions in the returned row. */
export function placesOfKeys(
  { shape, returnedColumns }: Chunk,
  places: Returning['places'],
): [column: number, place: number][] {
  const found: [column: number, place: number][] = [];
  for (let index = 0; index < shape.columns.length + shape.generated.length; index++) {
    const isNamed = columnAt(shape, index).isKeyed || returnedColumns.has(index);
    const place = isNamed ? places.get(nameForReference(shape, index)) : undefined;
    if (place !== undefined) found.push([index, place]);
  }
  return found;
}
