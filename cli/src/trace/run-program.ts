/** Runs a program under observation. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from './observe/environment.ts';
import { readRecorded } from './read-recorded.ts';
import { makeTrace, type Trace } from './trace.ts';

export interface TracedRun {
  /** As a shell has it: that of the program, 128 and the signal's number, or 127 if it could not be started. */
  readonly exitCode: number;
  readonly trace: Trace;
  /** Why it could not be started. */
  readonly error: Error | undefined;
}

export interface ProgramOptions {
  readonly command: readonly [string, ...string[]];
  /** Parts of paths that do not belong to the program. */
  readonly skip?: readonly string[];
  /** What Node loads ahead of the program. Default: the observer as it was built. */
  readonly imports?: readonly string[];
  /** Variables of its environment beside those of the command. */
  readonly env?: NodeJS.ProcessEnv;
}

const observer = new URL('./observe/preload.js', import.meta.url).href;

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a program to its end. Signals are passed on to it. */
export async function runProgram(options: ProgramOptions): Promise<TracedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-trace-'));
  try {
    const { exitCode, error } = await untilEnd(options, folder);
    return { exitCode, error, trace: makeTrace(readRecorded(folder)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function untilEnd(
  { command: [program, ...args], skip = [], imports = [observer], env = {} }: ProgramOptions,
  folder: string,
): Promise<Pick<TracedRun, 'exitCode' | 'error'>> {
  const { NODE_OPTIONS: given = '' } = process.env;
  const nodeOptions = [given, ...imports.map((url) => `--import ${url}`)].join(' ').trim();
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...env,
      NODE_OPTIONS: nodeOptions,
      [environment.folder]: folder,
      [environment.skip]: JSON.stringify(skip),
    },
  });
  const listeners = passedOn.map((signal) => {
    const pass = () => void child.kill(signal);
    process.on(signal, pass);
    return () => process.off(signal, pass);
  });
  return new Promise((resolve) => {
    const end = (exitCode: number, error?: Error) => {
      for (const off of listeners) off();
      resolve({ exitCode, error });
    };
    child.on('error', (error) => end(127, error));
    child.on('close', (code, signal) => end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
