/** A chunk of many rows → one COPY, which takes half of an INSERT's time in the server and returns nothing. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import { type Chunk, isKeyPlace } from '../chunk.ts';
import type { KeyPlace } from '../key-lists.ts';
import { CopyText } from '../load/copy-text.ts';
import { CopyStatement } from '../statement.ts';

/** Rows that are turned into text at a time, some 64 kB of ordinary ones. */
const rowsATime = 2_000;

/**
 * @param keysKnown settles when the server has told the keys of the flight, which the rows are written with
 * @example
 * copy "orders" ("id", "amount") from stdin
 */
export function copyChunk(chunk: Chunk, dialect: PgDialect, keysKnown: Promise<void>): CopyStatement {
  const { shape } = chunk;
  const columns = [...shape.columns.keys()].filter((column) => chunk.gives(column));
  const names = columns.map((column) => dialect.escapeName(shape.columns[column]?.name ?? ''));
  const text = `copy ${shape.name} (${names.join(', ')}) from stdin`;
  return new CopyStatement(text, () => blocksOf(chunk, columns, keysKnown));
}

async function* blocksOf(
  chunk: Chunk,
  columns: readonly number[],
  keysKnown: Promise<void>,
): AsyncGenerator<Uint8Array> {
  await keysKnown;
  const cells: (string | null)[] = new Array(columns.length).fill(null);
  const all = [...cells.keys()];
  for (let from = 0; from < chunk.size; from += rowsATime) {
    const text = new CopyText();
    for (let row = from; row < Math.min(from + rowsATime, chunk.size); row++) {
      for (let index = 0; index < columns.length; index++)
        cells[index] = textAt(chunk, row, columns[index] as number);
      text.add(cells, all, false);
    }
    yield* text.blocks();
  }
}

function textAt(chunk: Chunk, row: number, column: number): string | null {
  const given = chunk.given(row, column);
  if (typeof given === 'string' || given === null) return given;
  const cell = chunk.cell(row, column);
  // A row without its key must not be written: the generator fails, and the COPY with it.
  if (isKeyPlace(cell)) return keyOf(cell);
  return String(cell);
}

function keyOf({ list, position }: KeyPlace): string {
  const key = list.keys?.at(position - 1);
  if (key === undefined) throw new Error(`key ${position} of a list is not known`);
  return key;
}
