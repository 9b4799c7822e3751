import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { atExit } from '../../cli/src/embedded/at-exit.ts';
import { findProgram } from '../../test/support/find-program.ts';
import type { Row, Table } from '../tables.ts';
import { blocks } from './copy.ts';
import { namesOf } from './postgres-js.ts';
import type { Ids, Open } from './side.ts';

const program = findProgram('psql');

/** Why the side can't be measured here; `undefined` if it can. */
export const lacksPsql = program === undefined ? 'psql is not installed' : undefined;

interface Staged {
  readonly file: string;
  readonly ids: Ids;
}

/**
 * Uses one psql that stays open, as the other sides keep their connections. Its start and the making of the
 * file are not timed.
 */
export const psqlCopy: Open = async ({ url }) => {
  const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-psql-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const disarm = atExit(remove);
  const psql = startPsql(url);
  const staged = new Map<string, Staged>();
  await psql.run(String.raw`\echo`);
  return {
    load(table, rows) {
      const name = `${table.name}-${rows.length}`;
      const { file, ids } = staged.get(name) ?? stage(join(folder, name), table, rows);
      staged.set(name, { file, ids });
      const command = String.raw`\copy ${table.name} (${namesOf(table).join(', ')}) from '${file}'`;
      return async () => {
        await psql.run(command);
        return ids;
      };
    },
    async close() {
      await psql.close();
      remove();
      disarm();
    },
  };
};

/** The ids for the referee. They are those that the restarted sequence gives to the lines in their order. */
function stage(file: string, table: Table, rows: Row[]): Staged {
  const opened = openSync(file, 'w');
  for (const block of blocks(table, rows)) writeSync(opened, block);
  closeSync(opened);
  return { file, ids: rows.map((_, n) => n + 1) };
}

function startPsql(url: string) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const process = spawnPsql({
    PGHOST: hostname.replace(/^\[|\]$/g, ''),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  });
  const done = 'done: the command before';
  let answered = (_error?: Error) => {};
  let complaint = '';
  createInterface(process.stdout).on('line', (line) => line === done && answered());
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-1_000);
  });
  process.on('error', (error) => answered(error));
  process.on('exit', (code) => answered(new Error(`psql ended with ${code}: ${complaint}`)));
  return {
    run: (command: string) =>
      new Promise<void>((resolve, reject) => {
        answered = (error) => (error ? reject(error) : resolve());
        process.stdin.write(`${command}\n\\echo ${done}\n`);
      }),
    async close() {
      const ended = once(process, 'exit');
      process.stdin.end();
      if (process.exitCode === null) await ended;
    },
  };
}

function spawnPsql(connection: Record<string, string>): ChildProcessByStdio<Writable, Readable, Readable> {
  // psql does not read its own settings files, and the first error ends it.
  return spawn(program ?? 'psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1'], {
    env: { ...process.env, ...connection },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
