import type { ChunkLimit } from '../chunk.ts';
import { blockBytes } from '../source.ts';
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

export interface BatchOptions {
  readonly bytes: DialectBytes;
  readonly lineEnd: LineEnd;
  /** The line of the first record. */
  readonly firstLine: number;
  readonly limit: ChunkLimit;
  /** A batch is cut at the first record that ends behind so many bytes. */
  readonly size: number;
}

/** For records of which objects are made. */
export const smallBatch = 1024 * 1024;

/** For bytes. Between two chunks the server waits, so few large ones are faster. */
export const largeBatch = 4 * 1024 * 1024;

/** The server takes no longer record. */
const longestRecord = 1024 * 1024 * 1024;

/**
 * Reads blocks of bytes, and cuts them between records. A block is scanned once, however long a record is.
 *
 * Two buffers are used by turns: the bytes of a batch stay until the next but one is asked for.
 */
export async function* readBatches(
  blocks: AsyncIterable<Buffer>,
  { bytes, lineEnd, firstLine, limit, size }: BatchOptions,
): AsyncGenerator<Batch> {
  const scan = new Scan(bytes);
  const separator = lineEnd === '\r' ? CR : LF;
  const { editor } = newlineBytes(lineEnd);
  let [filled, other] = [new Filled(size + blockBytes), new Filled(size + blockBytes)];
  let ends: number[] = [];
  let line = firstLine;
  for await (const block of blocks) {
    scan.addEnds(block, separator, filled.length, ends);
    filled.add(block);
    // A source that gives records slowly does not keep those that are enough for a chunk.
    const isEnough = filled.length >= size || ends.length >= limit.next;
    if (!isEnough || (ends.length === 0 && filled.length < longestRecord)) continue;
    const all = filled.bytes;
    const end = ends.at(-1) ?? all.length;
    const isOpen = ends.length === 0;
    // Counted before the yield, while the server works on the batch before. Behind it the server would wait.
    const next = line + countByte(all, editor, 0, end);
    yield { bytes: all.subarray(0, end), ends: isOpen ? [end] : ends, firstLine: line, isOpen };
    if (isOpen) return;
    line = next;
    other.length = 0;
    other.add(all.subarray(end));
    [filled, other] = [other, filled];
    ends = [];
  }
  const { bytes: all } = filled;
  if (all.length === 0) return;
  if ((ends.at(-1) ?? 0) < all.length) ends.push(all.length);
  yield { bytes: all, ends, firstLine: line, isOpen: scan.isQuoted };
}

/** Bytes in a buffer that is used again: the pages of a new one would take longer than all else. */
class Filled {
  length = 0;
  readonly #size: number;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(size: number) {
    this.#size = size;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  add(block: Buffer): void {
    const wanted = this.length + block.length;
    if (wanted > this.#buffer.length) {
      const before = this.bytes;
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, wanted, this.#size));
      this.#buffer.set(before);
    }
    this.#buffer.set(block, this.length);
    this.length = wanted;
  }
}
