/** The course of a load: read rows → encode a chunk → write it → report. */
import { cacheName } from '#version/drizzle/columns';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { Interrupt } from './interrupt.ts';
import type { LoadChunk } from './load-chunk.ts';
import { KeysLeft, LoadError } from './load-error.ts';
import type { OpenLoad } from './open-load.ts';
import type { LoadRequest } from './request.ts';
import { type OpenSource, openSource } from './source.ts';
import type { WrittenChunk } from './write-chunk.ts';

/** The result of a load. */
export interface LoadReport {
  /** Rows written, including those that `onConflict: { update }` updated. */
  readonly rows: number;
  /** Rows of the source that were not written: a conflict, `onRowError` or a trigger kept them out. */
  readonly skipped: number;
  /** The duration in milliseconds. */
  readonly ms: number;
}

export class LoadRun {
  /** Rows of the source that belong to committed transactions. */
  committed = 0;
  #rows = 0;
  #dealtWith = 0;
  #bytes = 0;
  #source: OpenSource | undefined;
  #open: OpenLoad | undefined;
  #next: Promise<LoadChunk | undefined> | undefined;
  /** It is too late to stop the load: COMMIT comes next and the server's answer decides, or the load is done or has failed. */
  #isTooLate = false;
  /** Why the load is to be stopped: the signal's reason, or that nobody reads its keys. */
  #stop: { readonly reason: unknown } | undefined;
  readonly #began = performance.now();
  readonly #interrupt = new Interrupt();

  constructor(readonly request: LoadRequest) {}

  /** Rolls back what is not committed. During a COMMIT it takes effect behind it; behind the last one it has no effect. */
  stop(reason: unknown): void {
    this.#stop ??= { reason };
    if (this.#isTooLate) return;
    this.#interrupt.fire(this.#stop.reason);
    this.#stopSource(this.#stop.reason);
  }

  /** @throws {LoadError} if the load failed or its keys were left; the signal's reason if the signal stopped it */
  async run(): Promise<LoadReport> {
    const { target, options, rows, keys } = this.request;
    const { signal } = options;
    const abort = (): void => this.stop(signal?.reason);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    try {
      this.#source = openSource(rows);
      const written = this.#writeAll(this.#source);
      await (target.isNested ? written : this.#interrupt.race(written));
      keys?.end({});
      const ms = performance.now() - this.#began;
      return { rows: this.#rows, skipped: this.#dealtWith - this.#rows, ms };
    } catch (thrown) {
      const error =
        this.#isTooLate || !this.#stop ? this.#explain(thrown) : this.#explainStop(this.#stop.reason);
      keys?.end({ error });
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #writeAll(source: OpenSource): Promise<void> {
    const { target, keys } = this.request;
    try {
      for (let isDone = false; !isDone; ) {
        this.#interrupt.throwIfFired();
        isDone = await target.transaction((unit) => this.#writePart(unit, source));
        this.committed = this.#dealtWith;
        this.#isTooLate = isDone;
        if (this.#stop && !isDone) this.#interrupt.fire(this.#stop.reason);
        keys?.commit();
      }
    } catch (error) {
      this.#stopSource(error);
      throw error;
    }
  }

  #stopSource(reason: unknown): void {
    if (this.#open) this.#open.reader.stop(reason);
    else this.#source?.stop(reason);
    this.#source = undefined;
  }

  /** Writes the rows of one transaction. @returns whether the source has ended */
  async #writePart(unit: TransactionUnit, source: OpenSource): Promise<boolean> {
    const interrupt = this.#interrupt;
    let isOver = false;
    unit.state.connection.lost.catch((error) => isOver || interrupt.fire(error));
    try {
      await interrupt.race(unit.inTurn((connection) => connection.begun));
      // Most programs never load, and need not read what only a load uses.
      const { openLoad } = await import('./open-load.ts');
      this.#open ??= await interrupt.race(
        unit.inTurn((connection) => openLoad(this.request, source, connection, interrupt)),
      );
      const { reader, writer } = this.#open;
      const ahead = (): Promise<LoadChunk | undefined> => {
        const next = reader.read();
        // Reading may fail while the chunk before is still being written.
        next.catch(() => {});
        return next;
      };
      for (;;) {
        this.#next ??= ahead();
        const chunk = await interrupt.race(this.#next);
        if (chunk) {
          // postgres.js may lose a query that is sent in the check phase, in which a source may have resolved.
          await new Promise<void>(atEndOfTurn);
          const written = unit.inTurn((connection) => writer(connection).write(chunk));
          this.#next = ahead();
          this.#report(chunk, await written);
        }
        if (chunk && !chunk.endsPart) continue;
        const { cache } = this.request.target.context;
        await cache?.onMutate({ tables: [cacheName(this.request.shape.table)] });
        // A load that has rejected because it was stopped must not commit.
        interrupt.throwIfFired();
        this.#isTooLate = true;
        return !chunk;
      }
    } catch (error) {
      if (!this.#stop) this.#isTooLate = true;
      throw error;
    } finally {
      isOver = true;
    }
  }

  #report(chunk: LoadChunk, { rows, bytes, rejected, keys }: WrittenChunk): void {
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

  #explainStop(reason: unknown): unknown {
    return reason instanceof KeysLeft ? this.#explain(reason) : reason;
  }

  /** The error that the load rejects with; it has the number of committed rows. */
  #explain(error: unknown): Error {
    const { shape } = this.request;
    if (error instanceof LoadError) return error.behind(this.committed);
    if (error instanceof BatchedDrizzleError && error.code === 'BAD_OPTION') return error;
    // Where drizzle executes COMMIT as a statement. A load has its own words for it.
    const isOfStatement = error instanceof DrizzleQueryError && error.query === 'commit';
    return new LoadError(shape.name, isOfStatement ? error.cause : error, undefined, this.committed);
  }
}
