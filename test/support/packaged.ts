import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packaged = fileURLToPath(new URL('../packaged', import.meta.url));

const execute = promisify(execFile);

/**
 * A folder in which the packed library is installed, with its peers and the tools of `test/packaged/package.json`. Its
 * programs stand in two folders: in `esm/` they are ES modules, in `cjs/` CommonJS.
 */
export interface PackagedFolder {
  /**
   * Runs `node` with these arguments in the folder, and returns what it prints.
   *
   * @throws with all of the output, if the exit code is not 0
   */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ stdout: string; stderr: string }>;
  /** Makes the folders `esm/` and `cjs/` in another one, for what a compiler writes. */
  makeKinds(folder: string): void;
}

/** Called at the top of a test file. The library is built, packed and installed before the first test. */
export function usePackaged(): PackagedFolder {
  const path = mkdtempSync(join(tmpdir(), 'batched-drizzle-packaged-'));

  const makeKinds = (folder: string) => {
    for (const [kind, type] of [
      ['esm', 'module'],
      ['cjs', 'commonjs'],
    ] as const) {
      mkdirSync(join(path, folder, kind), { recursive: true });
      writeFileSync(join(path, folder, kind, 'package.json'), JSON.stringify({ type }));
    }
  };

  beforeAll(async () => {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(packaged, file), join(path, file));
    for (const kind of ['esm', 'cjs'])
      cpSync(join(packaged, 'programs'), join(path, kind), { recursive: true });
    makeKinds('.');
    await execute('npm', ['pack', '--pack-destination', path], { cwd: root });
    const tarball = readdirSync(path).find((file) => file.endsWith('.tgz'));
    const options = ['--no-save', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await execute('npm', ['install', `./${tarball}`, ...options], { cwd: path });
  }, 180_000);

  afterAll(() => rmSync(path, { recursive: true }));

  return {
    makeKinds,
    async run(args, env) {
      try {
        return await execute(process.execPath, args, { cwd: path, env: { ...process.env, ...env } });
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        throw Object.assign(new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`), { stdout });
      }
    },
  };
}
