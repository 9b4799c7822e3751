import { BadRow } from '../bad-row.ts';
import type { Chunk, ChunkLimit, RefusedRecord } from '../chunk.ts';
import { CsvChunk, type CsvChunkFormat } from './csv-chunk.ts';
import { CsvData } from './data.ts';
import { bytesOf } from './dialect.ts';
import { type Batch, largeBatch, readBatches, smallBatch } from './read-batches.ts';
import type { Rewriter } from './rewrite.ts';
import { countByte, newlineBytes } from './scan.ts';

export interface ReadOptions {
  readonly format: CsvChunkFormat;
  /** The line of the first row. */
  readonly line: number;
  /** Makes the records that are sent; `undefined` if they are sent as they stand. */
  readonly rewriter: Rewriter | undefined;
  readonly limit: ChunkLimit;
}

/** The chunks of a file behind its header. */
export async function* readChunks(
  blocks: AsyncIterable<Buffer>,
  options: ReadOptions,
): AsyncGenerator<Chunk> {
  const { format, line, rewriter, limit } = options;
  const batches = readBatches(blocks, {
    bytes: bytesOf(format.dialect),
    lineEnd: format.lineEnd,
    firstLine: line,
    limit,
    size: rewriter ? smallBatch : largeBatch,
  });
  for await (const batch of batches) {
    for (let from = 0; from < batch.ends.length; ) {
      const to = from + limit.take(batch.ends.length - from);
      yield makeChunk(part(batch, from, to, format), options);
      from = to;
    }
  }
}

function part(batch: Batch, from: number, to: number, { lineEnd }: CsvChunkFormat): Batch {
  if (from === 0 && to === batch.ends.length) return batch;
  const start = from === 0 ? 0 : (batch.ends[from - 1] as number);
  const { editor } = newlineBytes(lineEnd);
  return {
    bytes: batch.bytes.subarray(start, batch.ends[to - 1]),
    ends: batch.ends.slice(from, to).map((end) => end - start),
    firstLine: batch.firstLine + countByte(batch.bytes, editor, 0, start),
    isOpen: batch.isOpen && to === batch.ends.length,
  };
}

function makeChunk(batch: Batch, { format, rewriter }: ReadOptions): Chunk {
  const source = new CsvData(batch.bytes, batch.ends, format.lineEnd);
  const { firstLine } = batch;
  if (!rewriter && !batch.isOpen && !batch.ends.some((_, index) => isEndMark(source, index))) {
    return new CsvChunk(format, { source, firstLine, sent: source, places: undefined, refused: [] });
  }
  const parts: Buffer[] = [];
  const ends: number[] = [];
  const places: number[] = [];
  const refused: RefusedRecord[] = [];
  const { editor } = newlineBytes(format.lineEnd);
  for (const [index, end] of batch.ends.entries()) {
    const record = batch.bytes.subarray(source.startOf(index), end);
    try {
      if (batch.isOpen && index === batch.ends.length - 1) throw new BadRow('a quote is left open');
      if (isEndMark(source, index)) throw new BadRow('\\. ends the data for COPY; quote it if it is a value');
      const made = rewriter ? rewriter.rewrite(record) : record;
      parts.push(made);
      ends.push((ends.at(-1) ?? 0) + made.length);
      places.push(index);
    } catch (bad) {
      if (!(bad instanceof BadRow)) throw bad;
      const line = firstLine + countByte(batch.bytes, editor, 0, source.startOf(index));
      refused.push({ record: source.record(index), line, bad });
    }
  }
  const sent = new CsvData(Buffer.concat(parts), ends, format.lineEnd);
  return new CsvChunk(format, { source, firstLine, sent, places, refused });
}

/** A server before PostgreSQL 18 would silently leave out all that follows. */
function isEndMark(source: CsvData, index: number): boolean {
  const length = (source.ends[index] as number) - source.startOf(index);
  return length <= 4 && source.record(index).equals(endMark);
}

const endMark = Buffer.from('\\.');
