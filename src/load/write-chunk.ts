/** Writes a chunk and finds the rows that the server refuses. */
import type { Connection } from '../driver/driver.ts';
import { command } from '../driver/statement.ts';
import { codeOf } from '../errors.ts';
import type { TextCell } from '../write/copy-text.ts';
import type { Interrupt } from './interrupt.ts';
import type { LoadChunk, RejectedRow, Run, RunPart } from './load-chunk.ts';
import { LoadError } from './load-error.ts';
import { classesOfNoRow, columnOfKey } from './refused-row.ts';
import { canCopyRun, type LoadWriteContext, RowsRefused, type WrittenRows, writeRows } from './write-run.ts';

export interface WrittenChunk {
  readonly rows: number;
  readonly bytes: number;
  /** In the order of the rows. */
  readonly rejected: readonly RejectedRow[];
  /** Ids of the written rows; empty if the caller has not called `keys()`. */
  readonly keys: readonly TextCell[];
}

export interface LoadWriterOptions extends LoadWriteContext {
  /** A refused row is set aside and does not fail the load. */
  readonly setsAside: boolean;
  readonly interrupt: Interrupt;
}

/** Rows that are tried together behind a refused row: few, since the next row is often bad as well. */
const rowsBehindBad = 16;

export class LoadWriter {
  #rows = 0;
  #bytes = 0;
  #rejected: RejectedRow[] = [];
  #keys: TextCell[] = [];

  constructor(
    readonly connection: Connection,
    readonly options: LoadWriterOptions,
  ) {}

  /** @throws {LoadError} for a refused row, unless refused rows are set aside */
  async write({ runs, rejected }: LoadChunk): Promise<WrittenChunk> {
    this.#rejected = [...rejected];
    for (const run of runs) {
      await this.options.keys?.fill(this.connection, run);
      await this.#writeRun(run);
    }
    return {
      rows: this.#rows,
      bytes: this.#bytes,
      rejected: this.#rejected.toSorted((one, other) => one.index - other.index),
      keys: this.#keys,
    };
  }

  /** Tries half as many rows together after a failure, and twice as many after a success. */
  async #writeRun(run: Run, from = 0, end = run.rows.length): Promise<void> {
    let first = from;
    let size = end - first;
    while (first < end) {
      const last = Math.min(first + size, end);
      const refused = await this.#attempt({ run, from: first, to: last });
      if (!refused) {
        first = last;
        size *= 2;
      } else if (refused.row === undefined) {
        // A contended run is tried again with the same rows, each as a statement of its own.
        if (!run.isContended) size = Math.ceil((last - first) / 2);
      } else {
        if (refused.row > first) await this.#writeRun(run, first, refused.row);
        this.#reject(run, refused.row, refused);
        first = refused.row + 1;
        size = rowsBehindBad;
      }
    }
  }

  /** @returns why the rows were not written, if the refused row is known or may be found among them */
  async #attempt(part: RunPart): Promise<RowsRefused | undefined> {
    const { run } = part;
    const isGuarded = this.#needsSavepoint(run);
    if (isGuarded) this.#send('savepoint batched_drizzle');
    try {
      this.#note(part, await this.#untilInterrupted(writeRows(this.connection, part, this.options)));
      if (isGuarded) this.#send('release savepoint batched_drizzle');
      return undefined;
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      if (isHopeless(error, run)) throw error.cause;
      // The load fails. The refused row is known, or without a savepoint it can't be found.
      if (!this.options.setsAside && (error.row !== undefined || !isGuarded)) throw this.#errorOf(run, error);
      await this.connection.send(command('rollback to savepoint batched_drizzle'));
      // ROLLBACK TO keeps the savepoint. Without RELEASE each refused row would nest the next savepoint deeper.
      this.#send('release savepoint batched_drizzle');
      return error;
    }
  }

  /** Whether the transaction must go on behind a refused row, to write the others or to find the row. */
  #needsSavepoint(run: Run): boolean {
    return this.options.setsAside || this.options.facts.hasLateChecks || !canCopyRun(run, this.options);
  }

  /** Does not wait for the answer. If the command fails, the next statement fails as well. */
  #send(text: string): void {
    this.connection.send(command(text)).catch(() => {});
  }

  #note(part: RunPart, { rows, bytes, returned }: WrittenRows): void {
    const { keys } = this.options;
    this.#rows += rows;
    this.#bytes += bytes;
    if (keys) for (const key of keys.isReturned ? returned : keys.of(part)) this.#keys.push(key);
  }

  #reject(run: Run, row: number, refused: RowsRefused): void {
    const error = this.#errorOf(run, new RowsRefused(refused.cause, row, refused.column));
    if (!this.options.setsAside) throw error;
    this.#rejected.push({ row: run.rows[row], index: run.index + row, error });
  }

  #errorOf(run: Run, { cause, row, column }: RowsRefused): LoadError {
    const { shape } = this.options;
    if (row === undefined) return new LoadError(shape.name, cause);
    const { detail } = cause as { detail?: string };
    const name = column ?? this.options.flush.driver.errors.columnOf(cause) ?? columnOfKey(detail);
    const key = shape.columns.find((each) => each.name === name)?.key;
    return new LoadError(shape.name, cause, { index: run.index + row, row: run.rows[row], column: key });
  }

  /** Cancels the statement in the server as well, since it may be waiting for a lock. */
  async #untilInterrupted<T>(work: Promise<T>): Promise<T> {
    const { interrupt } = this.options;
    try {
      return await interrupt.race(work);
    } catch (error) {
      if (interrupt.isFired) await Promise.allSettled([work, this.connection.cancel()]);
      throw error;
    }
  }
}

/** Whether every row would be refused for the same reason. */
function isHopeless({ cause, column }: RowsRefused, { casts }: Run): boolean {
  const code = codeOf(cause);
  if (code === undefined) return false;
  // The refusal of a row by a policy has the code of a missing privilege.
  if ((cause as { routine?: unknown }).routine === 'ExecWithCheckOptions') return false;
  // Class 42 may be about a value: a cast value of the wrong type, or a text with a syntax of its own, such as a tsquery.
  const isOfValue = casts !== undefined || column !== undefined;
  return classesOfNoRow.test(code) && !(isOfValue && code.startsWith('42'));
}
