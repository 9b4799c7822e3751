import type { ReservedSql, Sql } from 'postgres';
import { BadLineError } from '../bad-line-error.ts';
import type { BadLine } from '../bad-row.ts';
import type { Chunk, Records } from '../chunk.ts';
import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { WriteTarget } from './target.ts';

export interface LoadOptions {
  readonly target: WriteTarget;
  /** The order of day and month, as the server's setting has it. */
  readonly dateStyle: string | undefined;
  readonly commitEvery: number | undefined;
  /** Everything is undone at the end. */
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  /** Sets a bad record aside; `undefined` if a bad record ends the load. */
  readonly setAside: ((records: Records, record: Buffer, bad: BadLine) => void) | undefined;
  readonly onProgress: (records: number) => void;
}

export interface Written {
  readonly rows: number;
  readonly skipped: number;
}

/** Writes the records of files in one transaction, or in one for each `commitEvery` records. */
export async function loadRecords(
  client: Sql,
  files: readonly Records[],
  options: LoadOptions,
): Promise<Written> {
  const connection = await reserve(client);
  const load = new RecordLoad(connection, options);
  try {
    for (const records of files) await load.write(records);
    return await load.end();
  } catch (error) {
    await load.undo();
    throw load.explain(error);
  } finally {
    connection.release();
  }
}

async function reserve(client: Sql): Promise<ReservedSql> {
  try {
    return await client.reserve();
  } catch (cause) {
    throw new CommandError(`no connection to the database: ${reasonOf(cause)}`, exitCodes.failed, { cause });
  }
}

class RecordLoad {
  readonly #connection: ReservedSql;
  readonly #options: LoadOptions;
  #writer: ChunkWriter | undefined;
  #isCommitting = false;
  #written = { rows: 0, skipped: 0 };
  #records = 0;
  #committed = 0;

  constructor(connection: ReservedSql, options: LoadOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async write(records: Records): Promise<void> {
    const chunks = records.chunks[Symbol.asyncIterator]();
    const ahead = () => {
      const next = chunks.next();
      // Reading may fail while the chunk before is still being written.
      next.catch(() => {});
      return next;
    };
    const { commitEvery, isDryRun, onProgress } = this.#options;
    try {
      for (let next = await ahead(); !next.done; ) {
        const following = ahead();
        await this.#writeChunk(records, next.value);
        onProgress(this.#records);
        if (commitEvery !== undefined && !isDryRun && this.#records - this.#committed >= commitEvery)
          await this.#commit();
        next = await following;
      }
    } finally {
      // Closes the file. It is not waited for, since a read from a terminal may never end.
      chunks.return?.().catch(() => {});
    }
  }

  async end(): Promise<Written> {
    this.#options.signal.throwIfAborted();
    // A file without rows, too, is checked against the table.
    await this.#begin();
    if (this.#options.isDryRun) await this.#connection.unsafe('rollback');
    else await this.#commit();
    return this.#written;
  }

  async undo(): Promise<void> {
    // A connection that is lost has undone it.
    await this.#connection.unsafe('rollback').catch(() => {});
  }

  /** The error with what is committed, in the words of the command. */
  explain(thrown: unknown): CommandError {
    const { signal } = this.#options;
    const cause = signal.aborted && !this.#isCommitting ? signal.reason : thrown;
    const error =
      cause instanceof CommandError ? cause : new CommandError(reasonOf(cause), exitCodes.failed, { cause });
    error.committed = this.#committed;
    error.isUnknown = this.#isCommitting && !isAnswer(cause);
    return error;
  }

  async #begin(): Promise<ChunkWriter> {
    if (this.#writer) return this.#writer;
    const connection = this.#connection;
    const { target, dateStyle, signal } = this.#options;
    await connection.unsafe('begin');
    if (dateStyle !== undefined)
      await connection.unsafe("select pg_catalog.set_config('datestyle', $1, true)", [dateStyle]);
    this.#writer = new ChunkWriter(connection, target, signal);
    return this.#writer;
  }

  async #commit(): Promise<void> {
    this.#isCommitting = true;
    await this.#connection.unsafe('commit');
    this.#isCommitting = false;
    this.#committed = this.#records;
    this.#writer = undefined;
  }

  async #writeChunk(records: Records, chunk: Chunk): Promise<void> {
    const { setAside } = this.#options;
    const found = chunk.refused.map(({ record, line, bad }) => {
      const { column, value, reason } = bad;
      const badLine: BadLine = { file: chunk.file, line, column, value, reason };
      return { record, bad: badLine, cause: bad as unknown };
    });
    const writer = await this.#begin();
    const { rows, skipped } = await writer.write(chunk, (record, bad, cause) => {
      found.push({ record, bad, cause });
      if (!setAside) throw firstOf(found);
    });
    if (!setAside && found.length > 0) throw firstOf(found);
    for (const { record, bad } of found.toSorted(byLine)) setAside?.(records, record, bad);
    this.#written.rows += rows;
    this.#written.skipped += skipped;
    this.#records += chunk.records;
  }
}

interface FoundRecord {
  readonly bad: BadLine;
  readonly cause: unknown;
}

function byLine({ bad: one }: FoundRecord, { bad: other }: FoundRecord): number {
  return (one.line ?? 0) - (other.line ?? 0);
}

function firstOf(found: readonly FoundRecord[]): BadLineError {
  const [first] = found.toSorted(byLine) as [FoundRecord];
  return new BadLineError(first.bad, { cause: first.cause });
}

/** Whether the server has answered, and so has not committed. */
function isAnswer(error: unknown): boolean {
  return (error as Error).name === 'PostgresError';
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // A connection that several addresses refuse has an error without a message.
  return message || String(code);
}
