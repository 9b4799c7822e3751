/** Pulls rows from the source and encodes them, a chunk at a time. */
import { asError } from '../errors.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import type { CellError, CellReader } from './cells.ts';
import { type Chunk, isFull, type RunBuilder } from './chunk.ts';
import { LoadError } from './load-error.ts';
import type { Source } from './source.ts';

export interface ReaderOptions {
  /** The table as it is written in SQL. */
  readonly table: string;
  readonly chunkRows: number;
  readonly commitEvery: number | undefined;
  /** A row that can't be sent is set aside, and does not fail the load. */
  readonly setsAside: boolean;
}

/** Rows that are pulled before others in the process have their turn: some two milliseconds' worth. */
const rowsOfTurn = 250;

export class ChunkReader {
  /** Rows taken from the source so far. */
  taken = 0;
  #isStopped = false;
  #hasEnded = false;

  constructor(
    readonly source: Source,
    readonly cells: CellReader,
    readonly runs: RunBuilder,
    readonly options: ReaderOptions,
  ) {}

  /**
   * The next chunk, `undefined` behind the last. The source is asked for no row more.
   *
   * @throws {LoadError} where the source fails, or a row can't be sent
   */
  async read(): Promise<Chunk | undefined> {
    const chunk: Chunk = { runs: [], rejected: [], rows: 0, size: 0, endsPart: false };
    while (!(chunk.endsPart || isFull(chunk, this.options.chunkRows) || this.#hasEnded || this.#isStopped)) {
      await new Promise<void>(atEndOfTurn);
      await this.#readSome(chunk);
    }
    return chunk.rows === 0 ? undefined : chunk;
  }

  /** Asks the source for nothing more. */
  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (!this.#hasEnded) this.source.stop(reason);
  }

  async #readSome(chunk: Chunk): Promise<void> {
    for (let count = 0; count < rowsOfTurn && !this.#isStopped; count++) {
      let next: Awaited<ReturnType<Source['next']>>;
      try {
        const pulled = this.source.next();
        next = isPromise(pulled) ? await pulled : pulled;
      } catch (error) {
        // What has failed has ended, and must not be told to.
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

  #add(chunk: Chunk, row: unknown): void {
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
