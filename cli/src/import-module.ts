import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The exports of a module. */
export type Module = Record<string, unknown>;

/**
 * Imports a module of the project, in TypeScript or JavaScript, whatever the `type` of its package is.
 *
 * jiti also resolves imports without an extension and by `paths` of the nearest tsconfig. Node's own type stripping does not.
 * It needs no hooks of Node's: their thread takes longer to start than a schema takes to load.
 */
export async function importModule(path: string): Promise<Module> {
  const file = resolve(path);
  if (/^\.[cm]js$/.test(extname(file))) return exportsOf(await import(pathToFileURL(file).href));
  const { createJiti } = await import('jiti');
  const tsconfigPaths = nearest(dirname(file), 'tsconfig.json') ?? false;
  return exportsOf(await createJiti(file, { interopDefault: false, tsconfigPaths }).import<Module>(file));
}

/** The default export of a CommonJS module has all of its exports. Node finds only some of their names. */
function exportsOf(module: Module): Module {
  const { default: all } = module;
  const isExports =
    typeof all === 'object' && all !== null && Object.getPrototypeOf(all) === Object.prototype;
  return isExports ? { ...module, ...all } : module;
}

/** The file of that name in a folder, or in the nearest folder above it. */
function nearest(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  const above = dirname(folder);
  return above === folder ? undefined : nearest(above, name);
}
