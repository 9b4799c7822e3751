import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Line } from './lines.ts';
import type { Recorded } from './trace.ts';

/** Reads what the processes and threads of a program recorded. The last line of one that was killed may be cut. */
export function readRecorded(folder: string): Recorded[] {
  return readdirSync(folder).map((name) => {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Line);
  });
}
