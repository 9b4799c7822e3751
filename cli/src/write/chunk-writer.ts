import type { ReservedSql } from 'postgres';
import type { BadLine } from '../bad-row.ts';
import type { Chunk } from '../chunk.ts';
import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeRefusal, isHopeless, isServerError, placeOf, type ServerError } from './refusal.ts';
import type { CopyPlace } from './refused-row.ts';
import { copiedRelation, type WriteTarget, writePart } from './target.ts';

export interface WrittenChunk {
  /** Rows that were written. */
  readonly rows: number;
  /** Rows that a conflict clause or a trigger kept out. */
  readonly skipped: number;
}

/** Handles a record that the server refuses. If it throws, the load ends. */
export type OnRefused = (record: Buffer, bad: BadLine, cause: unknown) => void;

/** The server refused a part of a chunk. */
interface Refusal {
  readonly error: ServerError;
  /** The refused record, if it is known. */
  readonly index: number | undefined;
  readonly place: CopyPlace | undefined;
}

/** Records that are tried together behind a refused one: few, since the next is often bad as well. */
const recordsBehindBad = 16;

/** Writes a chunk behind savepoints, and finds the records that the server refuses. */
export class ChunkWriter {
  readonly #connection: ReservedSql;
  readonly #target: WriteTarget;
  readonly #signal: AbortSignal;
  #rows = 0;
  #tried = 0;

  constructor(connection: ReservedSql, target: WriteTarget, signal: AbortSignal) {
    this.#connection = connection;
    this.#target = target;
    this.#signal = signal;
  }

  async write(chunk: Chunk, onRefused: OnRefused): Promise<WrittenChunk> {
    this.#rows = 0;
    this.#tried = 0;
    await this.#writeRange(chunk, 0, chunk.count, onRefused);
    return { rows: this.#rows, skipped: this.#tried - this.#rows };
  }

  /** Tries half as many records together after a failure, and twice as many after a success. */
  async #writeRange(chunk: Chunk, from: number, end: number, onRefused: OnRefused): Promise<void> {
    let first = from;
    let size = end - first;
    while (first < end) {
      const last = Math.min(first + size, end);
      const refusal = await this.#attempt(chunk, first, last);
      if (!refusal) {
        first = last;
        size *= 2;
      } else if (refusal.index === undefined) {
        size = Math.ceil((last - first) / 2);
      } else {
        const { index, error, place } = refusal;
        // Those before it were undone with it, and are free of such an error, but not of a later check.
        if (index > first) await this.#writeRange(chunk, first, index, onRefused);
        onRefused(chunk.recordOf(index), describeRefusal(chunk, index, error, place), error);
        first = index + 1;
        size = recordsBehindBad;
      }
    }
  }

  async #attempt(chunk: Chunk, from: number, to: number): Promise<Refusal | undefined> {
    this.#send('savepoint batched_drizzle');
    try {
      this.#rows += await this.#untilAborted(chunk, from, to);
      this.#tried += to - from;
      this.#send('release savepoint batched_drizzle');
      return undefined;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isServerError(error)) throw error;
      const relation = copiedRelation(this.#target);
      if (isHopeless(error, relation)) {
        throw new CommandError(`${chunk.file}: ${error.message}`, exitCodes.failed, { cause: error });
      }
      await this.#connection.unsafe('rollback to savepoint batched_drizzle');
      // ROLLBACK TO keeps the savepoint. Without RELEASE each refused record would nest the next one deeper.
      this.#send('release savepoint batched_drizzle');
      const place = placeOf(error, relation);
      const found = place && chunk.recordAt(place.line, from, to);
      return { error, index: found ?? (to - from === 1 ? from : undefined), place };
    }
  }

  /** Does not wait for the answer. If the command fails, the next statement fails as well. */
  #send(text: string): void {
    this.#connection.unsafe(text).catch(() => {});
  }

  /** Cancels the statement in the server as well, since it may be waiting for a lock. */
  async #untilAborted(chunk: Chunk, from: number, to: number): Promise<number> {
    const signal = this.#signal;
    signal.throwIfAborted();
    const { rows, cancel } = writePart(this.#connection, this.#target, chunk, from, to);
    signal.addEventListener('abort', cancel);
    try {
      return await rows;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
