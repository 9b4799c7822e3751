import { execFile } from 'node:child_process';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, type InputOptions } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { beforeAll } from 'vitest';
import type { Run } from '../runtimes/program/run-steps.ts';
import { usePackagedProgram } from './packaged.ts';

const execute = promisify(execFile);

/** Bun and Deno would report through a proxy, and Deno look for a newer version of itself. */
const env = { ...process.env, NO_PROXY: '127.0.0.1', DENO_NO_UPDATE_CHECK: '1' };

export const programDrivers = ['postgres-js', 'node-postgres'] as const;

export type ProgramDriver = (typeof programDrivers)[number];

/** What the tests use of miniflare. */
interface Miniflare {
  dispatchFetch(url: string, init: { method: string; body: string }): Promise<Response>;
  dispose(): Promise<void>;
}

/**
 * Called at the top of a test file. The program of `test/runtimes/program/` is installed with the packed library. It becomes a
 * file for a process, which imports its packages, and for each driver a file for a Worker, which has them in it.
 */
export function useRuntimeProgram() {
  const folder = usePackagedProgram('../runtimes/program');
  const fileOf = (name: string) => join(folder.path, 'out', name);

  const bundle = (input: string, options: InputOptions) =>
    build({
      input: join(folder.path, input),
      ...options,
      // One file, as Wrangler makes it: also of what is imported later.
      output: { dir: fileOf(''), entryFileNames: '[name].mjs', codeSplitting: false },
    });

  beforeAll(async () => {
    await bundle('main.ts', {
      platform: 'node',
      external: /^(batched-drizzle|drizzle-orm|postgres|pg)(\/|$)/,
    });
    for (const driver of programDrivers)
      await bundle(`worker-${driver}.ts`, {
        platform: 'neutral',
        external: /^cloudflare:/,
        // pg is CommonJS, and a Worker has no `require`.
        plugins: [esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] })],
        resolve: { conditionNames: ['workerd', 'worker'], mainFields: ['module', 'main'] },
      });
  }, 60_000);

  return {
    /**
     * Runs the program in a process.
     *
     * @throws if it does not end by itself, or not well
     */
    async run([binary, ...args]: readonly [string, ...string[]], driver: ProgramDriver, run: Run) {
      const timeout = 60_000;
      await execute(binary, [...args, fileOf('main.mjs'), driver, JSON.stringify(run)], { env, timeout });
    },

    /** Starts workerd. Each call of the function is a request to it. */
    async startWorker(miniflare: string, driver: ProgramDriver, compatibilityDate: string) {
      const { Miniflare }: { Miniflare: new (options: object) => Miniflare } = await import(
        pathToFileURL(join(miniflare, 'dist/src/index.js')).href
      );
      const worker = new Miniflare({
        modules: [{ type: 'ESModule', path: fileOf(`worker-${driver}.mjs`) }],
        modulesRoot: fileOf(''),
        compatibilityDate,
        compatibilityFlags: ['nodejs_compat'],
        // Otherwise it asks Cloudflare for a description of this machine's place.
        cf: false,
      });
      return {
        async run(run: Run) {
          const init = { method: 'POST', body: JSON.stringify(run) };
          const response = await worker.dispatchFetch('http://localhost', init);
          const said = await response.text();
          if (said !== 'done') throw new Error(said);
        },
        stop: () => worker.dispose(),
      };
    },
  };
}
