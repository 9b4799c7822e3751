import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Sql } from 'postgres';
import { readArguments } from '../../cli/src/arguments.ts';
import { loadFiles } from '../../cli/src/load-files.ts';
import { findProgram } from './find-program.ts';
import { PsqlSession } from './psql-session.ts';

/** Why files can't be compared here; `undefined` if they can. */
export const lacksPsql = findProgram('psql') === undefined ? 'psql is not installed' : undefined;

/** A table for files, in the database and in drizzle's words. */
export interface FileTable {
  readonly name: string;
  readonly ddl: string;
  /** The exports of a module of drizzle tables. */
  readonly schema: string;
}

export interface OddFile {
  readonly table: FileTable;
  readonly bytes: string | Buffer;
  readonly extension?: string;
  /** The columns of the file, as `\copy` needs them. */
  readonly columns: readonly string[];
  /** Options of COPY behind `format csv`. */
  readonly copy?: string;
  /** Options of the command that mean the same. */
  readonly args?: readonly string[];
  /** Settings of psql that mean the same. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The rows of a table in the order of the file, or why the file is refused. */
export interface LoadedFile {
  readonly rows: readonly string[] | 'refused';
  readonly message: string;
}

export interface BesideCopy {
  byCommand(file: OddFile): Promise<LoadedFile>;
  byCopy(file: OddFile): Promise<LoadedFile>;
  /** Ends what they started. */
  close(): void;
}

/** Loads files by the command, in this process, and by psql's `\copy`, each into the same empty table. */
export function besideCopy(client: Sql, url: string, folder: string): BesideCopy {
  let count = 0;
  let session: PsqlSession | undefined;
  const write = ({ bytes, extension = 'csv' }: OddFile) => {
    const path = join(folder, `odd${++count}.${extension}`);
    writeFileSync(path, bytes);
    return path;
  };
  return {
    close: () => session?.close(),
    async byCopy(file) {
      const { name } = file.table;
      const options = ['format csv', file.copy ?? 'header'].join(', ');
      const columns = file.columns.map((column) => `"${column}"`).join(', ');
      const copy = `\\copy ${name} (${columns}) from '${write(file)}' (${options})`;
      const select = `select t::text from ${name} t order by ctid`;
      if (file.env === undefined) {
        session ??= new PsqlSession(url);
        const { rows, hasFailed, message } = await session.run([`delete from ${name};`, copy, `${select};`]);
        return { rows: hasFailed ? 'refused' : rows, message };
      }
      // The end of psql undoes it.
      return runPsql(url, ['begin', `delete from ${name}`, copy, select], file.env);
    },
    async byCommand(file) {
      const { name } = file.table;
      const schema = join(folder, `${name}.mjs`);
      writeFileSync(schema, file.table.schema);
      const args = ['load', '--schema', schema, '--table', name, '--url', url];
      await client.unsafe(`delete from ${name}`);
      try {
        const given = readArguments([...args, ...(file.args ?? []), write(file)]);
        if (given?.name !== 'load') throw new Error('the arguments ask for help');
        const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
        const { signal } = new AbortController();
        await loadFiles(given.args, { stdin: Readable.from([]), stderr, signal });
      } catch (error) {
        return { rows: 'refused', message: (error as Error).message };
      }
      const rows = await client.unsafe(`select t::text as row from ${name} t order by ctid`);
      return { rows: rows.map(({ row }) => row), message: '' };
    },
  };
}

async function runPsql(
  url: string,
  commands: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<LoadedFile> {
  // A NUL ends a row, since a value may have any other character.
  const options = ['--no-psqlrc', '--quiet', '-At', '-0', '-v', 'ON_ERROR_STOP=1'];
  const args = [...options, ...commands.flatMap((command) => ['-c', command]), url];
  try {
    const { stdout } = await promisify(execFile)('psql', args, {
      env: { ...process.env, PGCLIENTENCODING: 'UTF8', ...env },
    });
    return { rows: stdout.split('\0').slice(0, -1), message: '' };
  } catch (error) {
    return { rows: 'refused', message: (error as { stderr?: string }).stderr || String(error) };
  }
}
