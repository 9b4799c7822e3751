import type { BadRow } from './bad-row.ts';
import type { TargetColumn } from './target-columns.ts';

/** A record that can't be sent. */
export interface RefusedRecord {
  readonly record: Buffer;
  readonly line: number;
  readonly bad: BadRow;
}

/** Records that are sent together by a COPY in the format CSV. */
export interface Chunk {
  /** The name of the file, for messages. */
  readonly file: string;
  /** The number of records that are sent. */
  readonly count: number;
  /** The number of records of the file. */
  readonly records: number;
  /** The columns of each record. */
  readonly columns: readonly TargetColumn[];
  /** The options of COPY. */
  readonly options: string;
  /** Records that came before or among these and are not sent, in the order of the file. */
  readonly refused: readonly RefusedRecord[];
  /** The data of some of the records, with one line for the header. */
  bytes(from: number, to: number): readonly Uint8Array[];
  /** The record that has a line of these data, counted from 1 by the server; `undefined` if there is none. */
  recordAt(line: number, from: number, to: number): number | undefined;
  /** The line of the file on which a record begins. */
  lineOf(index: number): number;
  /** The value of a record for a column; `undefined` for NULL, and for a column that the record lacks. */
  valueOf(index: number, column: TargetColumn): string | undefined;
  /** The record as it stands in the file, for the rejects file. */
  recordOf(index: number): Buffer;
}

/** The records of a file. */
export interface Records {
  readonly file: string;
  readonly chunks: AsyncIterable<Chunk>;
  /** How each column goes, for `--dry-run`. */
  readonly ways: Readonly<Record<string, string>>;
  /** The first line of a file of rejected records; empty for lines of JSON. */
  readonly rejectsHead: string;
  toReject(record: Buffer, line: number | undefined, reason: string): Buffer;
}

/** Decides where chunks end, so that a transaction ends with a chunk. */
export class ChunkLimit {
  readonly #chunkRows: number;
  readonly #commitEvery: number;
  #taken = 0;

  constructor(chunkRows = Number.POSITIVE_INFINITY, commitEvery = Number.POSITIVE_INFINITY) {
    this.#chunkRows = chunkRows;
    this.#commitEvery = commitEvery;
  }

  /** The most records that the next chunk may have. */
  get next(): number {
    return Math.min(this.#chunkRows, this.#commitEvery - this.#taken);
  }

  /** How many of the available records the next chunk has. */
  take(available: number): number {
    const count = Math.min(available, this.next);
    this.#taken = (this.#taken + count) % this.#commitEvery;
    return count;
  }
}
