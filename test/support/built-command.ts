import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Called at the top of a test file. The command is built before the first test, where npm would install it: what it loads
 * ahead of a program must run on Node as it is, and must not be a part of the program.
 */
export function useBuiltCommand(): { readonly main: string } {
  const modules = join(root, 'node_modules/.cache');
  mkdirSync(modules, { recursive: true });
  const folder = mkdtempSync(join(modules, 'batched-drizzle-cli-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(async () => {
    cpSync(join(root, 'cli/package.json'), join(folder, 'package.json'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['-p', 'cli/tsconfig.build.json', '--noCheck', '--outDir', join(folder, 'dist')];
    await promisify(execFile)(process.execPath, [tsc, ...options], { cwd: root });
  });
  return { main: join(folder, 'dist/main.js') };
}
