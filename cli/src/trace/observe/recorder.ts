/** Writes what is observed to a file of this process or thread. */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { Line } from '../lines.ts';
import { atEndOfTurn } from './clock.ts';

export class Recorder {
  readonly #path: string;
  #file: number | undefined;
  #lines = '';

  constructor(folder: string) {
    this.#path = join(folder, `${process.pid}-${threadId}.ndjson`);
    process.on('exit', () => this.#write());
  }

  /** Test runners kill their workers without an event, so lines are written at the end of each turn of the event loop. */
  record(line: Line): void {
    if (this.#lines === '') atEndOfTurn(() => this.#write());
    this.#lines += `${JSON.stringify(line)}\n`;
  }

  #write(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    try {
      this.#file ??= openSync(this.#path, 'a');
      writeSync(this.#file, lines);
    } catch {
      // The folder is gone with the command, or the disk is full. The program must not notice it.
    }
  }
}
