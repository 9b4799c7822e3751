/** Adds the lines of `driver-files.ts` to what the program loads: CommonJS when it is compiled, ES modules by a hook. */
import Module, { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { withLine } from './driver-files.ts';
import { loadSync } from './load-hooks.ts';

type Compile = (this: unknown, content: string, filename: string, ...rest: unknown[]) => unknown;

/** What Node's types do not have, or not yet. */
interface Internals {
  readonly prototype: { _compile: Compile };
  /** Since Node 22.15. */
  readonly registerHooks?: (hooks: { load: typeof loadSync }) => unknown;
}

export function watchModules(): void {
  const { prototype, registerHooks } = Module as unknown as Internals;
  const compile = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    return compile.call(this, withLine(content, pathToFileURL(filename).href, 'commonjs'), filename, ...rest);
  };
  if (registerHooks) registerHooks({ load: loadSync });
  else register(import.meta.url.replace('watch-modules', 'load-hooks'));
}
