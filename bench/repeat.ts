import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './median.ts';
import { ratioOf } from './ratio.ts';
import type { Results } from './results.ts';

/** The values of a ratio in all repeats. */
export interface Repeated {
  readonly cell: string;
  readonly side: string;
  readonly reference: string;
  readonly ratios: readonly number[];
  readonly median: number;
  /** The number of repeats that differ from the median by more than a quarter. */
  readonly astray: number;
}

/** Measures some cells several times, each time in a new process and on a new server. */
export async function repeat(
  times: number,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<Repeated[]> {
  const all: Results[] = [];
  for (let n = 1; n <= times; n++) {
    print(`repeat ${n} of ${times}`);
    all.push(await runOnce(signal));
  }
  return (all[0]?.cells ?? []).flatMap(({ id, reference, sides }) =>
    sides
      .filter(({ side }) => side !== reference)
      .flatMap(({ side }) => {
        const ratios = all.flatMap(({ cells }) => {
          const cell = cells.find((each) => each.id === id);
          return (cell && ratioOf(cell, side)) ?? [];
        });
        // A side that was skipped in one of the repeats has no comparable ratio.
        return ratios.length < times ? [] : [{ cell: id, side, reference, ...spread(ratios) }];
      }),
  );
}

function spread(ratios: readonly number[]): Pick<Repeated, 'ratios' | 'median' | 'astray'> {
  const middle = median([...ratios].sort((a, b) => a - b));
  return {
    ratios,
    median: middle,
    astray: ratios.filter((ratio) => Math.abs(ratio / middle - 1) > 0.25).length,
  };
}

function runOnce(signal: AbortSignal): Promise<Results> {
  const program = fileURLToPath(new URL('repeat-process.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(program, { signal, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let results: Results | undefined;
    child.on('message', (message) => {
      results = message as Results;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0 && results) resolve(results);
      else reject(new Error(`a repeat ended with ${code}`));
    });
  });
}
