import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const library = new URL('../../src/index.ts', import.meta.url).href;
const tables = new URL('./schema.ts', import.meta.url).href;

/**
 * Runs a program in a separate process until it ends. `postgres`, `batchedDrizzle` and `schema` are defined
 * in it.
 *
 * @throws if the exit code is not 0
 */
export function runScript(program: string): Promise<{ stdout: string; stderr: string }> {
  const source = `
    import postgres from 'postgres';
    import { batchedDrizzle } from ${JSON.stringify(library)};
    import * as schema from ${JSON.stringify(tables)};
    ${program}`;
  return promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    timeout: 30_000,
  });
}
