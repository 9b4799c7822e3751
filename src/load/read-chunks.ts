/** Pulls rows from the source and encodes them, one chunk at a time. */
import { asError } from '../errors.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import type { CellError, CellReader } from './cells.ts';
import { isFull, type LoadChunk, type RunBuilder } from './load-chunk.ts';
import { LoadError } from './load-error.ts';
import type { OpenSource } from './source.ts';

export interface ReaderOptions {
  /** The table as it is written in SQL. */
  readonly table: string;
  readonly chunkRows: number;
  readonly commitEvery: number | undefined;
  /** A row that can't be sent is set aside and does not fail the load. */
  readonly setsAside: boolean;
}

/** After so many rows, about two milliseconds, other work of the process gets its turn. */
const rowsOfTurn = 250;

export class ChunkReader {
  /** Rows taken from the source so far. */
  taken = 0;
  #isStopped = false;
  #hasEnded = false;

  constructor(
    readonly source: OpenSource,
    readonly cells: CellReader,
    readonly runs: RunBuilder,
    readonly options: ReaderOptions,
  ) {}

  /**
   * The next chunk, `undefined` behind the last. No row beyond the chunk is pulled.
   *
   * @throws {LoadError} if the source fails, or if a row can't be sent
   */
  async read(): Promise<LoadChunk | undefined> {
    const chunk: LoadChunk = { runs: [], rejected: [], rows: 0, size: 0, endsPart: false };
    while (!(chunk.endsPart || isFull(chunk, this.options.chunkRows) || this.#hasEnded || this.#isStopped)) {
      await new Promise<void>(atEndOfTurn);
      await this.#readSome(chunk);
    }
    return chunk.rows === 0 ? undefined : chunk;
  }

  /** Pulls no more rows and stops the source. */
  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (!this.#hasEnded) this.source.stop(reason);
  }

  async #readSome(chunk: LoadChunk): Promise<void> {
    for (let count = 0; count < rowsOfTurn && !this.#isStopped; count++) {
      let next: Awaited<ReturnType<OpenSource['next']>>;
      try {
        const pulled = this.source.next();
        next = isPromise(pulled) ? await pulled : pulled;
      } catch (error) {
        // A source that has failed has ended; it must not be stopped as well.
        this.#hasEnded = true;
        const cause = new Error(`its source failed after ${this.taken} rows: ${asError(error).message}`, {
          cause: error,
        });
        throw new LoadError(this.options.table, cause);
      }
      if (next.done) {
        this.#hasEnded = true;
        return;
      }
      this.#add(chunk, next.value);
      if (chunk.endsPart || isFull(chunk, this.options.chunkRows)) return;
    }
  }

  #add(chunk: LoadChunk, row: unknown): void {
    const { table, commitEvery, setsAside } = this.options;
    const index = this.taken++;
    chunk.rows += 1;
    chunk.endsPart = commitEvery !== undefined && this.taken % commitEvery === 0;
    try {
      this.cells.read(row);
    } catch (thrown) {
      const { cause, column } = thrown as CellError;
      const error = new LoadError(table, cause, { index, row, column });
      if (!setsAside) throw error;
      chunk.rejected.push({ row, index, error });
      return;
    }
    this.runs.add(chunk, row, index, this.cells);
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown }).then === 'function';
}
