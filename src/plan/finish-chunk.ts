/** Fixes the way of a chunk that has all its rows. */
import type { Chunk } from './chunk.ts';
import type { Planning } from './plan-input.ts';

export function finishChunk(chunk: Chunk, planning: Planning): void {
  if (chunk.way === 'copied' && !isWorthCopying(chunk, planning)) chunk.way = 'shared';
  // The clause has one entry only, so drizzle's own statement is enough.
  if (chunk.way === 'matched' && chunk.entries.every((entry) => entry === chunk.first)) {
    chunk.way = 'own';
    chunk.conflictKey = undefined;
  }
}

/**
 * Two kinds of chunks are not worth a COPY. One has few rows, which leave out other columns than most rows of
 * the table. The other has rows of defaults alone.
 */
function isWorthCopying(chunk: Chunk, { copyRows, maxRows, maxBytes }: Planning): boolean {
  const fitsOne = chunk.size < copyRows && chunk.size <= maxRows && chunk.bytes <= maxBytes;
  return !fitsOne && chunk.shape.columns.some((_, column) => chunk.gives(column));
}
