import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What psql answered to some commands. */
export interface PsqlAnswer {
  /** The rows that were shown. */
  readonly rows: readonly string[];
  /** A command failed. */
  readonly hasFailed: boolean;
  readonly message: string;
}

/** A psql that stays, since starting one takes longer than loading a small file. */
export class PsqlSession {
  readonly #psql: ChildProcess;
  #message = '';
  #count = 0;

  constructor(url: string) {
    // A NUL ends a row, since a value may have any other character.
    const args = ['--no-psqlrc', '--quiet', '-At', '-0', url];
    this.#psql = spawn('psql', args, { env: { ...process.env, PGCLIENTENCODING: 'UTF8' } });
    this.#psql.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#message += text;
    });
    this.#psql.stdout?.setEncoding('utf8');
  }

  /** Runs commands of one line each in a transaction, and undoes them. */
  async run(commands: readonly string[]): Promise<PsqlAnswer> {
    const end = `end of ${++this.#count}`;
    this.#message = '';
    const lines = ['begin;', ...commands, `\\echo :ERROR ${end}`, 'rollback;'];
    this.#psql.stdin?.write(lines.map((line) => `${line}\n`).join(''));
    const text = await untilText(this.#psql.stdout as Readable, `${end}\n`);
    const rows = text.split('\0');
    const last = rows.pop();
    return { rows, hasFailed: last !== `false ${end}\n`, message: this.#message };
  }

  close(): void {
    this.#psql.stdin?.end();
  }
}

function untilText(stream: Readable, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (): void => {
      stream.off('data', add);
      stream.off('end', fail);
    };
    const add = (part: string): void => {
      text += part;
      if (!text.endsWith(end)) return;
      settle();
      resolve(text);
    };
    const fail = (): void => {
      settle();
      reject(new Error(`psql ended: ${text}`));
    };
    stream.on('data', add);
    stream.on('end', fail);
  });
}
