import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

/** The schema of the tests, as a path for `--schema`. */
export const schemaFile = fileURLToPath(new URL('./schema.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The content of stdin. Without it stdin ends at once. */
  readonly input?: string | Uint8Array;
  /** Replaces the `DATABASE_URL` of this process. */
  readonly databaseUrl?: string;
  /** A package to hide, as if it were not installed. */
  readonly without?: string;
  /** The working directory; by default the root of the repository. */
  readonly cwd?: string;
}

/** Starts the command in a separate process, with stdin open. */
export function startCommand(
  args: readonly string[],
  { databaseUrl, without, cwd = root }: RunOptions = {},
): ChildProcess {
  const { DATABASE_URL: _, ...env } = process.env;
  const hidden = without === undefined ? [] : ['--import', hide(without)];
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), ...hidden, main, ...args], {
    cwd,
    env: databaseUrl === undefined ? env : { ...env, DATABASE_URL: databaseUrl },
    stdio: 'pipe',
  });
  // A command may end before it has read its input. That is no error of the test.
  child.stdin.on('error', () => {});
  return child;
}

/** Runs the command to its end. */
export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = startCommand(args, options);
  child.stdin?.end(options.input);
  return untilEnd(child);
}

export function untilEnd(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** A folder for the files of a test file. It is removed after the tests. */
export function useFolder(): {
  readonly folder: string;
  path(name: string): string;
  write(name: string, text: string | Uint8Array): string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  return {
    folder,
    path,
    write(name, text) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
      return path(name);
    },
  };
}

/** A module that makes imports of the package fail, as if it were not installed. */
function hide(name: string): string {
  const resolve = `export const resolve = async (specifier, context, next) => {
    if (!specifier.startsWith(${JSON.stringify(name)})) return next(specifier, context);
    const message = "Cannot find package '${name}' imported from " + context.parentURL;
    throw Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  return moduleOf(`import { register } from 'node:module'; register(${JSON.stringify(moduleOf(resolve))});`);
}

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
