import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The exports of a module. */
export type Module = Record<string, unknown>;

/**
 * Imports a module of the project, in TypeScript or JavaScript, whatever the `type` of its package is.
 *
 * tsx also resolves imports without an extension and by `paths` of the nearest tsconfig. Node's own type stripping does not.
 */
export async function importModule(path: string): Promise<Module> {
  const file = resolve(path);
  const { href } = pathToFileURL(file);
  if (/^\.[cm]js$/.test(extname(file))) return exportsOf(await import(href));
  const [commonJs, modules] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')]);
  const before = process.env.TSX_TSCONFIG_PATH;
  const tsconfig = nearest(dirname(file), 'tsconfig.json');
  // The hooks for CommonJS have no option for it.
  if (tsconfig !== undefined) process.env.TSX_TSCONFIG_PATH ??= tsconfig;
  // Both, since a project without `"type": "module"` has a schema that is a CommonJS module.
  const registered = [commonJs.register(), modules.register(tsconfig === undefined ? {} : { tsconfig })];
  try {
    // Node 20 does not call the hooks for what an imported `.cts` file imports itself.
    return exportsOf(extname(file) === '.cts' ? commonJs.require(file, import.meta.url) : await import(href));
  } finally {
    for (const unregister of registered) await unregister();
    if (before === undefined) delete process.env.TSX_TSCONFIG_PATH;
  }
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
