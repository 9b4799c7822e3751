import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './median.ts';
import { ratioOf } from './ratio.ts';
import type { Results } from './results.ts';
import { sides } from './sides/index.ts';

/** How a ratio came out in each repeat. */
export interface Repeated {
  readonly cell: string;
  readonly side: string;
  readonly reference: string;
  readonly ratios: readonly number[];
  readonly median: number;
  /** Repeats that differ by more than a quarter from the median. */
  readonly astray: number;
}

/** Runs the quick cells in a process and on a server of their own, time and again. */
export async function repeat(
  times: number,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<Repeated[]> {
  const folder = await mkdtemp(join(tmpdir(), 'batched-drizzle-bench-'));
  const all: Results[] = [];
  try {
    for (let n = 1; n <= times; n++) {
      print(`repeat ${n} of ${times}`);
      all.push(await runOnce(join(folder, `${n}.json`), signal));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const [first] = all;
  return (first?.cells ?? []).flatMap(({ id, reference, sides: measured }) =>
    measured
      .filter(({ side }) => side !== reference)
      .map(({ side }) => {
        const ratios = all.map((results) => {
          const cell = results.cells.find((each) => each.id === id);
          return (cell && ratioOf(cell, side)) ?? Number.NaN;
        });
        const middle = median([...ratios].sort((a, b) => a - b));
        const astray = ratios.filter((ratio) => !(Math.abs(ratio / middle - 1) <= 0.25)).length;
        return { cell: id, side, reference, ratios, median: middle, astray };
      }),
  );
}

/** Ours and what they are compared with. */
const repeated = sides.filter(({ name, isOurs }) => isOurs || /^drizzle: (loop|multi-row)$/.test(name));

async function runOnce(file: string, signal: AbortSignal): Promise<Results> {
  const program = fileURLToPath(new URL('main.js', import.meta.url));
  const chosen = repeated.flatMap(({ name }) => ['--side', name]);
  const child = spawn(
    process.execPath,
    [...process.execArgv, program, '--quick', ...chosen, '--json', file],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      signal,
    },
  );
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`a repeat ended with ${code}`);
  return JSON.parse(await readFile(file, 'utf8'));
}
