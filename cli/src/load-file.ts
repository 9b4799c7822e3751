import type { Readable } from 'node:stream';
import type { LoadArguments } from './arguments.ts';
import { BadLineError } from './bad-line-error.ts';
import { databaseUrl, openDatabase } from './database.ts';
import { openRecords } from './open-records.ts';
import type { Outcome } from './outcome.ts';
import { showProgress } from './progress.ts';
import { readRows } from './read-rows.ts';
import { RecentRecords } from './recent-records.ts';
import { openRejects } from './rejects.ts';
import { findTable, importSchema, qualifiedName } from './schema-file.ts';
import { openSource } from './source.ts';
import { targetColumns } from './target-columns.ts';
import { rowsInFlight, writeRows } from './write-rows.ts';

/** The streams of the command, and the signal that aborts it. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * Loads a file into a table. The arguments and the header are checked before the load begins.
 *
 * @throws {CommandError} with the exit code
 */
export async function loadFile(
  args: LoadArguments,
  { stdin, stderr, signal }: Surroundings,
): Promise<Outcome> {
  databaseUrl(args);
  const schema = await importSchema(args.schema);
  const table = findTable(schema, args.table);
  const source = openSource(args.file, stdin, signal);
  const records = await openRecords(source, targetColumns(table, args.casing), args);
  const rejects = openRejects(args.rejects, args.file, records, (message) => stderr.write(`${message}\n`));
  const progress = showProgress(source, stderr, !args.json);
  const recent = new RecentRecords(records, rowsInFlight(args));
  const rows = readRows(records, recent, (record, line, { column, value, reason }) => {
    const bad = { file: source.name, line, column, value, reason };
    if (args.onError === 'fail') throw new BadLineError(bad);
    rejects.add(record, bad);
  });

  const started = performance.now();
  const outcome = (written: Pick<Outcome, 'rows' | 'skipped' | 'inTable'>): Outcome => ({
    table: qualifiedName(table),
    file: source.name,
    dryRun: args.dryRun,
    rejected: rejects.count,
    ms: Math.round(performance.now() - started),
    ...written,
  });
  try {
    if (args.dryRun) return outcome({ rows: await countRows(rows, progress.update, signal), skipped: 0 });
    const database = await openDatabase(args, schema);
    try {
      const writing = {
        table,
        rows,
        recent,
        rejects,
        file: source.name,
        signal,
        onProgress: progress.update,
      };
      return outcome(await writeRows(database, args, writing));
    } finally {
      await database.close();
    }
  } finally {
    progress.stop();
    rejects.close();
  }
}

async function countRows(
  rows: AsyncIterable<unknown>,
  onProgress: (rows: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const _ of rows) {
    if (++count % 10_000 !== 0) continue;
    signal.throwIfAborted();
    onProgress(count);
  }
  return count;
}
