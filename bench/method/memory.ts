import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MemoryResult } from '../results.ts';

export const memoryTasks = ['kept', 'dropped', 'one values()', 'an insert() a row'] as const;

export type MemoryTask = (typeof memoryTasks)[number];

export interface MemoryAssignment {
  readonly url: string;
  readonly task: MemoryTask;
  readonly rows: number;
}

/** The maximum number of seconds for each task. */
const patience = 60;

/** The memory that is held to queue and to write so many orders. Each task runs in a process of its own. */
export async function weighMemory(
  url: string,
  rows: number,
  signal: AbortSignal,
  say: (doing: string) => void,
): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const task of memoryTasks) {
    say(task);
    results.push(await weigh({ url, task, rows }, signal));
  }
  return results;
}

function weigh(assignment: MemoryAssignment, signal: AbortSignal): Promise<MemoryResult> {
  const program = fileURLToPath(new URL('memory-process.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(assignment)], {
      signal,
      execArgv: [...process.execArgv, '--expose-gc', '--max-old-space-size=8192'],
    });
    const isLate = () => child.kill('SIGKILL');
    const alarm = setTimeout(isLate, patience * 1_000);
    let result: MemoryResult | undefined;
    child.on('message', (message) => {
      result = message as MemoryResult;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(alarm);
      const { task, rows } = assignment;
      if (child.killed) resolve({ label: labels[task], rows, skipped: `takes more than ${patience} s` });
      else if (code === 0 && result) resolve(result);
      else reject(new Error(`${task}: the memory of a process of its own ended with ${code}`));
    });
  });
}

export const labels: Readonly<Record<MemoryTask, string>> = {
  kept: 'an insert() a row queued, the inserts kept in an array',
  dropped: 'an insert() a row queued, the inserts not kept',
  'one values()': 'one values() of all rows, written with their ids given back',
  'an insert() a row': 'an insert() a row, written with their ids given back',
};
