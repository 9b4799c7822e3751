import { batchedDrizzle, type Load, LoadError } from 'batched-drizzle';
import { count as countAll } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { LoadArguments } from './arguments.ts';
import { BadLineError } from './bad-line-error.ts';
import type { BadLine } from './bad-row.ts';
import { CommandError } from './command-error.ts';
import type { OpenDatabase } from './database.ts';
import { exitCodes } from './exit-codes.ts';
import type { RecentRecords } from './recent-records.ts';
import type { Row } from './records.ts';
import type { Rejects } from './rejects.ts';

/**
 * The maximum number of rows that were handed to `load()` and may still be refused. These are two chunks in
 * flight, and one that is being made.
 */
export function rowsInFlight({ chunkRows }: LoadArguments): number {
  return 3 * chunkRows;
}

interface Writing<TRecord> {
  readonly table: PgTable;
  readonly rows: AsyncIterable<Row>;
  readonly recent: RecentRecords<TRecord>;
  readonly rejects: Rejects<TRecord>;
  readonly file: string;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
}

interface Written {
  readonly rows: number;
  readonly skipped: number;
  readonly inTable?: number;
}

/** Loads the rows, and reports the line of each row that the server refuses. */
export async function writeRows<TRecord>(
  { client }: OpenDatabase,
  args: LoadArguments,
  { table, rows, recent, rejects, file, signal, onProgress }: Writing<TRecord>,
): Promise<Written> {
  const db = batchedDrizzle(client, args.casing === undefined ? {} : { casing: args.casing });
  const badLineOf = (error: LoadError): BadLine => {
    const found = error.index === undefined ? undefined : recent.find(error.index);
    return { file, line: found?.line, column: error.column, ...refusal(error) };
  };
  let refused = 0;
  let loading: Load<PgTable> | undefined;
  try {
    loading = db.load(table, rows as AsyncIterable<never>, {
      chunkRows: args.chunkRows,
      signal,
      onConflict: args.onConflict,
      ...(args.commitEvery === undefined ? {} : { commitEvery: args.commitEvery }),
      onProgress: (progress) => onProgress(progress.rows),
      ...(args.onError === 'fail'
        ? {}
        : {
            onRowError: (_: unknown, index: number, error: LoadError) => {
              refused++;
              rejects.add(recent.find(index)?.record, badLineOf(error));
            },
          }),
    });
    const { rows: written, skipped: left } = await loading;
    const skipped = left - refused;
    if (!args.embedded) return { rows: written, skipped };
    const [inTable] = await db.select({ rows: countAll() }).from(table);
    return { rows: written, skipped, ...(inTable ? { inTable: inTable.rows } : {}) };
  } catch (error) {
    throw explained(error, loading?.committed ?? 0, badLineOf);
  }
}

/** Why the server, or the mapping of a column, refuses a row. */
function refusal({ value, cause }: LoadError): Pick<BadLine, 'value' | 'reason'> {
  const { message, detail } = cause as Error & { detail?: string };
  const why = detail === undefined ? message : `${message}: ${detail}`;
  return value === undefined
    ? { value, reason: why }
    : { value: textOf(value), reason: `is refused: ${why}` };
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The error that is shown to the user of the command. */
function explained(error: unknown, committed: number, badLineOf: (error: LoadError) => BadLine): unknown {
  const shown = error instanceof LoadError ? explainedLoad(error, badLineOf) : error;
  // An error from a signal needs the count too, since rows may have been committed before the signal.
  if (shown instanceof CommandError) shown.committed = committed;
  return shown;
}

function explainedLoad(error: LoadError, badLineOf: (error: LoadError) => BadLine): CommandError {
  // An error that the source threw already names the place.
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof CommandError) return cause;
  }
  if (error.index === undefined) return new CommandError(error.message, exitCodes.failed, { cause: error });
  return new BadLineError(badLineOf(error), { cause: error });
}
