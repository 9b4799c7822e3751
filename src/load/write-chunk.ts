/** Writes a chunk, and finds the rows that the server refuses. */

import type { Connection } from '../driver/driver.ts';
import { command } from '../driver/statement.ts';
import { codeOf } from '../errors.ts';
import type { TextCell } from '../write/copy-text.ts';
import type { Chunk, RejectedRow, Run } from './chunk.ts';
import type { Interrupt } from './interrupt.ts';
import { LoadError } from './load-error.ts';
import { canCopy, RowsRefused, type WriteContext, type WrittenRows, writeRows } from './write-run.ts';

export interface WrittenChunk {
  readonly rows: number;
  readonly bytes: number;
  /** In the order of the rows. */
  readonly rejected: readonly RejectedRow[];
  /** Ids of the rows that were written, where somebody asked for them. */
  readonly keys: readonly TextCell[];
}

export interface ChunkWriterOptions extends WriteContext {
  /** A row that is refused is set aside, and does not fail the load. */
  readonly setsAside: boolean;
  readonly interrupt: Interrupt;
}

/** How many rows are tried together at first behind one that was refused, since bad rows come in company. */
const rowsBehindBad = 16;

/** Of SQLSTATEs that are not for what a row holds. */
const classes = /^(08|0A|25|26|28|3D|3F|40|42|53|55|57|58|72|F0|XX)/;

export class ChunkWriter {
  #rows = 0;
  #bytes = 0;
  #rejected: RejectedRow[] = [];
  #keys: TextCell[] = [];

  constructor(
    readonly connection: Connection,
    readonly options: ChunkWriterOptions,
  ) {}

  /** @throws {LoadError} for a row that is refused, unless it is to be set aside */
  async write({ runs, rejected }: Chunk): Promise<WrittenChunk> {
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

  /** Tries as many rows together as the last attempts allow: half of what failed, twice what did not. */
  async #writeRun(run: Run, from = 0, end = run.rows.length): Promise<void> {
    let first = from;
    let size = end - first;
    while (first < end) {
      const last = Math.min(first + size, end);
      const refused = await this.#attempt(run, first, last);
      if (!refused) {
        first = last;
        size *= 2;
      } else if (refused.row === undefined) {
        // The same again, where its rows are now sent each by itself.
        if (!run.isContended) size = Math.ceil((last - first) / 2);
      } else {
        if (refused.row > first) await this.#writeRun(run, first, refused.row);
        this.#reject(run, refused.row, refused);
        first = refused.row + 1;
        size = rowsBehindBad;
      }
    }
  }

  /** @returns why the rows were not written, where some of them may be, or one of them is to blame */
  async #attempt(run: Run, from: number, to: number): Promise<RowsRefused | undefined> {
    const isGuarded = this.#needsSavepoint(run);
    if (isGuarded) this.#send('savepoint batched_drizzle');
    try {
      this.#note(
        run,
        from,
        to,
        await this.#untilInterrupted(writeRows(this.connection, run, from, to, this.options)),
      );
      if (isGuarded) this.#send('release savepoint batched_drizzle');
      return undefined;
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      if (isHopeless(error, run)) throw error.cause;
      // Nothing is to be written any more, and the row is known or can't be.
      if (!this.options.setsAside && (error.row !== undefined || !isGuarded)) throw this.#errorOf(run, error);
      await this.connection.send(command('rollback to savepoint batched_drizzle'));
      // Or each row that is refused would leave one more, inside of which all others are written.
      this.#send('release savepoint batched_drizzle');
      return error;
    }
  }

  /** The server can go on behind a row that it has refused, or be asked which of several it was. */
  #needsSavepoint(run: Run): boolean {
    return this.options.setsAside || this.options.facts.hasLateChecks || !canCopy(run, this.options);
  }

  /** Travels with what comes next, which fails if it does. */
  #send(text: string): void {
    this.connection.send(command(text)).catch(() => {});
  }

  #note(run: Run, from: number, to: number, { rows, bytes, returned }: WrittenRows): void {
    const { keys } = this.options;
    this.#rows += rows;
    this.#bytes += bytes;
    if (keys) for (const key of keys.isReturned ? returned : keys.of(run, from, to)) this.#keys.push(key);
  }

  #reject(run: Run, row: number, refused: RowsRefused): void {
    const error = this.#errorOf(run, new RowsRefused(refused.cause, row, refused.column));
    if (!this.options.setsAside) throw error;
    this.#rejected.push({ row: run.rows[row], index: run.index + row, error });
  }

  #errorOf(run: Run, { cause, row, column }: RowsRefused): LoadError {
    const { shape } = this.options;
    if (row === undefined) return new LoadError(shape.name, cause);
    const { column_name, detail } = cause as { column_name?: string; detail?: string };
    const name = column ?? column_name ?? ofKey.exec(detail ?? '')?.groups?.column;
    const key = shape.columns.find((each) => each.name === name)?.key;
    return new LoadError(shape.name, cause, { index: run.index + row, row: run.rows[row], column: key });
  }

  /** What is interrupted is cancelled in the server, too, which may be waiting for a lock. */
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

/** A constraint of one column is told by its key: `Key (email)=(ada@example.com) already exists.` */
const ofKey = /^Key \("?(?<column>[^,]+?)"?\)=/;

/** Whether no other row would fare better. */
function isHopeless({ cause, column }: RowsRefused, { casts }: Run): boolean {
  const code = codeOf(cause) ?? '';
  // A row that a policy refuses has the code of a privilege that is missing.
  if ((cause as { routine?: unknown }).routine === 'ExecWithCheckOptions') return false;
  // Of a value that is cast it is the value that has the wrong type; and one that is read may have a syntax, as a tsquery has.
  const isOfValue = casts !== undefined || column !== undefined;
  return classes.test(code) && !(isOfValue && code.startsWith('42'));
}
