import type { Readable } from 'node:stream';
import type { PgTable } from 'drizzle-orm/pg-core';
import { getTableConfig } from 'drizzle-orm/pg-core';
import type { LoadArguments } from './arguments.ts';
import type { BadLine } from './bad-row.ts';
import { checkRecords } from './check-records.ts';
import { ChunkLimit, type Records } from './chunk.ts';
import { openDatabase } from './database.ts';
import { openRecords } from './open-records.ts';
import type { Outcome } from './outcome.ts';
import { type Progress, showProgress } from './progress.ts';
import { openProject, type Project } from './project.ts';
import { openRejects, type Rejects } from './rejects.ts';
import { findTable, qualifiedName } from './schema-file.ts';
import { openSource } from './source.ts';
import { noFacts, readTableFacts, type TableFacts } from './table-facts.ts';
import { keyColumns, type TargetColumn, targetColumns } from './target-columns.ts';
import { loadRecords, type Written } from './write/load-records.ts';
import { identifier, type WriteTarget } from './write/target.ts';

/** The streams of the command, and the signal that aborts it. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * Loads files into a table. The arguments and the headers are checked before the load begins.
 *
 * @throws {CommandError} with the exit code
 */
export async function loadFiles(
  args: LoadArguments,
  { stdin, stderr, signal }: Surroundings,
): Promise<Outcome> {
  const project = await openProject(args);
  const isOffline = !project.database && !args.embedded;
  const table = findTable(project.schema, args.table);
  const columns = targetColumns(table, project.casing);
  const paths = args.files.length === 0 ? [undefined] : args.files;
  const sources = paths.map((path) => openSource(path, stdin, signal));
  const limit = new ChunkLimit(args.chunkRows, args.commitEvery);
  const server = { facts: noFacts };
  const files: Records[] = [];
  for (const source of sources)
    files.push(await openRecords(source, args, { columns, limit, isOffline, server }));
  const target = targetOf(table, args, columns, files);
  const rejects = openRejects(args.rejects, files, (message) => stderr.write(`${message}\n`));
  const progress = await showProgress(sources, stderr, !args.json);
  const started = performance.now();
  try {
    const work = { args, project, files, target, rejects, progress, server, signal };
    const written = await loadInto(work);
    return {
      table: qualifiedName(table),
      files: files.map(({ file }) => file),
      dryRun: args.dryRun,
      rejected: rejects.count,
      ms: Math.round(performance.now() - started),
      ...(args.dryRun ? { columns: Object.assign({}, ...files.map(({ ways }) => ways)) } : {}),
      ...written,
    };
  } finally {
    progress.stop();
    rejects.close();
  }
}

interface Work {
  readonly args: LoadArguments;
  readonly project: Project;
  readonly files: readonly Records[];
  readonly target: Omit<WriteTarget, 'isDirect'>;
  readonly rejects: Rejects;
  readonly progress: Progress;
  readonly server: { facts: TableFacts };
  readonly signal: AbortSignal;
}

async function loadInto(work: Work): Promise<Written & Pick<Outcome, 'inTable' | 'isChecked'>> {
  const { args, project, files, target, rejects, progress, server, signal } = work;
  const setAside = (records: Records, record: Buffer, bad: BadLine) => rejects.add(records, record, bad);
  const shared = {
    signal,
    setAside: args.onError === 'skip' ? setAside : undefined,
    onProgress: progress.update,
  };
  const database = await openDatabase(args, project);
  if (!database) return { rows: await checkRecords(files, shared), skipped: 0, isChecked: false };
  try {
    const { client } = database;
    const facts = await readTableFacts(client, target.table);
    const isDirect = facts.canCopy && target.onConflict === 'error';
    // A staging table has no defaults.
    server.facts = { ...facts, hasDefaultText: facts.hasDefaultText && isDirect };
    const { commitEvery, dateStyle, dryRun: isDryRun } = args;
    const written = await loadRecords(client, files, {
      ...shared,
      target: { ...target, isDirect },
      commitEvery,
      dateStyle,
      isDryRun,
    });
    if (isDryRun) return { ...written, isChecked: true };
    if (!args.embedded) return written;
    const [row] = await client.unsafe(`select count(*)::int8::text as rows from ${target.table}`);
    return { ...written, inTable: Number(row?.rows) };
  } finally {
    await database.close();
  }
}

function targetOf(
  table: PgTable,
  { onConflict }: LoadArguments,
  columns: readonly TargetColumn[],
  files: readonly Records[],
): Omit<WriteTarget, 'isDirect'> {
  const { schema, name } = getTableConfig(table);
  return {
    table: [schema, name].flatMap((part) => (part === undefined ? [] : [identifier(part)])).join('.'),
    relation: name,
    onConflict,
    keys: onConflict === 'update' ? keyColumns(table, columns, files) : [],
  };
}
