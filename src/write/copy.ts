/** A chunk of many rows → one COPY, which takes half of an INSERT's time in the server and returns nothing. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import { CopyStatement } from '../driver/statement.ts';
import { type Chunk, isKeyPlace } from '../plan/chunk.ts';
import { keyOf } from '../take/key-run.ts';
import { columnList, insertHead } from './clauses.ts';
import { CopyText } from './copy-text.ts';

/** Rows that are turned into text at a time, some 64 kB of ordinary ones. */
const rowsATime = 2_000;

/**
 * @param keysKnown settles when the server has told the keys of the flight, which the rows are written with
 * @example
 * copy "orders" ("id", "amount") from stdin
 */
export function copyChunk(chunk: Chunk, dialect: PgDialect, keysKnown: Promise<void>): CopyStatement {
  const columns = writtenColumns(chunk);
  const text = `copy ${chunk.shape.name} (${columnList(dialect, chunk.shape, columns)}) from stdin`;
  return new CopyStatement(text, () => blocksOf(chunk, columns, keysKnown));
}

/**
 * COPY can't say which table it was written for, as an INSERT does. Ahead of the comparison of the facts an INSERT of no
 * rows takes the lock that COPY takes, with the privileges that the rows need, and nobody puts another table in its place.
 */
export function lockForCopy(chunk: Chunk, dialect: PgDialect): string {
  const columns = writtenColumns(chunk);
  const nothing = columns.map(() => 'null').join(', ');
  return `${insertHead(dialect, chunk.shape, columns, true)} select ${nothing} where false`;
}

function writtenColumns(chunk: Chunk): number[] {
  return [...chunk.shape.columns.keys()].filter((column) => chunk.gives(column));
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
  if (isKeyPlace(cell)) return keyOf(cell);
  return String(cell);
}
