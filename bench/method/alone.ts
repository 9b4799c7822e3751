import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Count, Profile } from '../results.ts';

/** The work of one side in a process of its own. */
export interface Assignment {
  readonly url: string;
  readonly side: string;
  readonly counts: readonly { readonly job: string; readonly size: number }[];
  readonly profile?: { readonly job: string; readonly size: number };
}

export interface Findings {
  readonly counts: readonly Count[];
  readonly profiles: readonly Profile[];
}

/** Runs a side in a process of its own, so that its peak of memory and its processor time are its own. */
export function runAlone(assignment: Assignment, signal: AbortSignal): Promise<Findings> {
  const program = fileURLToPath(new URL('alone-process.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(assignment)], { signal });
    let findings: Findings | undefined;
    child.on('message', (message) => {
      findings = message as Findings;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0 && findings) resolve(findings);
      else reject(new Error(`${assignment.side} in a process of its own ended with ${code}`));
    });
  });
}
