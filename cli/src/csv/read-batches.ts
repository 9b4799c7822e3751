import type { ChunkLimit } from '../chunk.ts';
import type { DialectBytes } from './dialect.ts';
import { CR, countByte, LF, type LineEnd, newlineBytes, Scan } from './scan.ts';

/** Whole records that were read together. */
export interface Batch {
  readonly bytes: Buffer;
  /** The position behind each record. */
  readonly ends: readonly number[];
  /** The line of the first record. */
  readonly firstLine: number;
  /** The last record has a quote that is left open. */
  readonly isOpen: boolean;
}

/** A batch is cut at the first record that ends behind so many bytes. */
const batchBytes = 1024 * 1024;

/** The server takes no longer record. */
const longestRecord = 1024 * 1024 * 1024;

/** Reads blocks of bytes, and cuts them between records. A block is scanned once, however long a record is. */
export async function* readBatches(
  blocks: AsyncIterable<Buffer>,
  bytes: DialectBytes,
  lineEnd: LineEnd,
  firstLine: number,
  limit: ChunkLimit,
): AsyncGenerator<Batch> {
  const scan = new Scan(bytes);
  const separator = lineEnd === '\r' ? CR : LF;
  const { editor } = newlineBytes(lineEnd);
  let kept: Buffer[] = [];
  let ends: number[] = [];
  let [length, line] = [0, firstLine];
  for await (const block of blocks) {
    kept.push(block);
    scan.addEnds(block, separator, length, ends);
    length += block.length;
    // A source that gives records slowly does not keep those that are enough for a chunk.
    const isEnough = length >= batchBytes || ends.length >= limit.next;
    if (!isEnough || (ends.length === 0 && length < longestRecord)) continue;
    const all = Buffer.concat(kept);
    const end = ends.at(-1) ?? length;
    const isOpen = ends.length === 0;
    yield { bytes: all.subarray(0, end), ends: isOpen ? [end] : ends, firstLine: line, isOpen };
    if (isOpen) return;
    line += countByte(all, editor, 0, end);
    kept = [all.subarray(end)];
    ends = [];
    length -= end;
  }
  if (length === 0) return;
  if ((ends.at(-1) ?? 0) < length) ends.push(length);
  yield { bytes: Buffer.concat(kept), ends, firstLine: line, isOpen: scan.isQuoted };
}
