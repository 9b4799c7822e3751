/** A chunk of many rows → one COPY. It takes half of an INSERT's time in the server, and returns nothing. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import { CopyStatement } from '../driver/statement.ts';
import { type Chunk, isKeyPlace } from '../plan/chunk.ts';
import { keyOf } from '../take/key-run.ts';
import { givenColumns } from './clauses.ts';
import { CopyText } from './copy-text.ts';
import { columnList, insertHead } from './insert-head.ts';

/** How many rows become text at a time. Ordinary ones make about 64 kB. */
const rowsATime = 2_000;

/**
 * @param keysKnown settles when the key query has returned the keys, which the rows need; `undefined` if they need none
 * @example
 * copy "orders" ("id", "amount") from stdin
 */
export function copyChunk(
  chunk: Chunk,
  dialect: PgDialect,
  keysKnown: Promise<void> | undefined,
): CopyStatement {
  const columns = givenColumns(chunk);
  const text = `copy ${chunk.shape.name} (${columnList(dialect, chunk.shape, columns)}) from stdin`;
  return new CopyStatement(text, () => blocksOf(chunk, columns, keysKnown), keysKnown === undefined);
}

/**
 * Locks the table for a COPY, by an INSERT of no rows that runs before the comparison of the facts.
 *
 * An INSERT compares its table with the facts, but COPY has no place for a condition. This INSERT takes the
 * same lock as COPY and needs the privileges of the rows. The lock keeps the table from being replaced.
 */
export function lockForCopy(chunk: Chunk, dialect: PgDialect): string {
  const columns = givenColumns(chunk);
  const nothing = columns.map(() => 'null').join(', ');
  return `${insertHead(dialect, chunk.shape, columns, true)} select ${nothing} where false`;
}

async function* blocksOf(
  chunk: Chunk,
  columns: readonly number[],
  keysKnown: Promise<void> | undefined,
): AsyncGenerator<Uint8Array> {
  await keysKnown;
  const cells: (string | null)[] = new Array(columns.length).fill(null);
  const all = [...cells.keys()];
  for (let from = 0; from < chunk.size; from += rowsATime) {
    const text = new CopyText();
    for (let row = from; row < Math.min(from + rowsATime, chunk.size); row++) {
      for (let index = 0; index < columns.length; index++)
        cells[index] = copyTextAt(chunk, row, columns[index] as number);
      text.add(cells, all, false);
    }
    yield* text.blocks();
  }
}

function copyTextAt(chunk: Chunk, row: number, column: number): string | null {
  const given = chunk.given(row, column);
  if (typeof given === 'string' || given === null) return given;
  const cell = chunk.cell(row, column);
  if (isKeyPlace(cell)) return keyOf(cell);
  return String(cell);
}
