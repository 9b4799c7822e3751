/** The course of a load: read rows → encode a chunk → write it → report. */
import { cacheName } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { Chunk } from './chunk.ts';
import { Interrupt } from './interrupt.ts';
import { LoadError } from './load-error.ts';
import { type OpenLoad, openLoad } from './open-load.ts';
import type { LoadRequest } from './request.ts';
import { openSource, type Source } from './source.ts';
import { ChunkWriter, type WrittenChunk } from './write-chunk.ts';

/** What a load did. */
export interface LoadReport {
  /** Rows written; with `onConflict: { update }` those updated are among them. */
  readonly rows: number;
  /** Rows of the source that were not: for a conflict, set aside by `onRowError`, dropped by a trigger. */
  readonly skipped: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

export class LoadRun {
  /** Rows of the source that have been dealt with in transactions that are committed. */
  committed = 0;
  #rows = 0;
  #dealtWith = 0;
  #bytes = 0;
  #open: OpenLoad | undefined;
  #next: Promise<Chunk | undefined> | undefined;
  /** What has been written is being made to stand, which is too late to stop: the server's answer is what counts. */
  #isCommitting = false;
  readonly #began = performance.now();
  readonly #interrupt = new Interrupt();

  constructor(readonly request: LoadRequest) {}

  /** @throws {LoadError} where it failed, and the signal's reason where that stopped it */
  async run(): Promise<LoadReport> {
    const { target, options, rows, keys } = this.request;
    const { signal } = options;
    const abort = (): void => this.#heed(signal);
    signal?.addEventListener('abort', abort);
    abort();
    try {
      const written = this.#writeAll(openSource(rows));
      await (target.isNested ? written : this.#interrupt.race(written));
      keys?.end({});
      const ms = performance.now() - this.#began;
      return { rows: this.#rows, skipped: this.#dealtWith - this.#rows, ms };
    } catch (thrown) {
      const error = signal?.aborted && !this.#isCommitting ? signal.reason : this.#explain(thrown);
      keys?.end({ error });
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #writeAll(source: Source): Promise<void> {
    const { target, keys, options } = this.request;
    try {
      for (let isDone = false; !isDone; ) {
        this.#heed(options.signal);
        this.#interrupt.throwIfFired();
        isDone = await target.transaction((unit) => this.#writePart(unit, source));
        this.committed = this.#dealtWith;
        this.#isCommitting = false;
        keys?.commit();
      }
    } catch (error) {
      if (this.#open) this.#open.reader.stop(error);
      else source.stop(error);
      throw error;
    }
  }

  /** Writes what belongs in one transaction. @returns whether that was the last of the source */
  async #writePart(unit: TransactionUnit, source: Source): Promise<boolean> {
    const interrupt = this.#interrupt;
    let isOver = false;
    unit.state.connection.lost.catch((error) => isOver || interrupt.fire(error));
    try {
      await interrupt.race(unit.inTurn((connection) => connection.begun));
      this.#open ??= await interrupt.race(
        unit.inTurn((connection) => openLoad(this.request, source, connection, interrupt)),
      );
      const { reader, writing } = this.#open;
      const ahead = (): Promise<Chunk | undefined> => {
        const next = reader.read();
        // It may fail while the chunk before it is still being written.
        next.catch(() => {});
        return next;
      };
      for (;;) {
        this.#next ??= ahead();
        const chunk = await interrupt.race(this.#next);
        if (chunk) {
          // What is sent from the check phase may be forgotten, and a source may have brought us there.
          await new Promise<void>(atEndOfTurn);
          const written = unit.inTurn((connection) => new ChunkWriter(connection, writing).write(chunk));
          this.#next = ahead();
          this.#report(chunk, await written);
        }
        if (chunk && !chunk.endsPart) continue;
        const { cache } = this.request.target.context;
        await cache?.onMutate({ tables: [cacheName(this.request.shape.table)] });
        // Whoever was told that the load is stopped must not find it committed.
        interrupt.throwIfFired();
        this.#isCommitting = true;
        return !chunk;
      }
    } finally {
      isOver = true;
    }
  }

  #heed(signal: AbortSignal | undefined): void {
    if (signal?.aborted && !this.#isCommitting) this.#interrupt.fire(signal.reason);
  }

  #report(chunk: Chunk, { rows, bytes, rejected, keys }: WrittenChunk): void {
    const { options, keys: asked } = this.request;
    this.#rows += rows;
    this.#dealtWith += chunk.rows;
    this.#bytes += bytes;
    asked?.add(keys);
    if (typeof options.onRowError === 'function') {
      for (const { row, index, error } of rejected) options.onRowError(row as never, index, error);
    }
    const seconds = (performance.now() - this.#began) / 1_000;
    options.onProgress?.({
      rows: this.#dealtWith,
      bytes: this.#bytes,
      rowsPerSecond: Math.round(this.#dealtWith / seconds),
    });
  }

  /** What the caller hears, with what is committed in spite of it. */
  #explain(error: unknown): Error {
    const { shape } = this.request;
    if (error instanceof LoadError) return error.behind(this.committed);
    if (error instanceof BatchedDrizzleError && error.code === 'BAD_OPTION') return error;
    return new LoadError(shape.name, error, undefined, this.committed);
  }
}
