import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A runtime that the program of `test/runtimes/` runs on as a process. */
export interface Runtime {
  readonly name: string;
  /** What it says to be: the user agent that the program reports. */
  readonly userAgent: RegExp;
  /** Its binary, with the arguments before the file to run, or undefined if it is not installed. */
  readonly command: readonly [string, ...string[]] | undefined;
}

const modules = fileURLToPath(new URL('../runtimes/node_modules', import.meta.url));

/** Why a test of a runtime that is not installed is skipped. */
export const notInstalled = (name: string): string =>
  `${name} is not installed: npm ci --prefix test/runtimes (${process.platform}-${process.arch} may have no package of it)`;

/** npm installs of a runtime only the package for this machine. */
function binaryIn(folder: string, file: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const ending = process.platform === 'win32' ? '.exe' : '';
  return readdirSync(folder)
    .map((name) => join(folder, name, file + ending))
    .find(existsSync);
}

function node(major: number): Runtime {
  const binary = binaryIn(join(modules, `node-${major}-${process.platform}-${process.arch}`), 'node');
  return {
    name: `Node ${major}`,
    userAgent: new RegExp(`^Node\\.js/${major}$`),
    command: binary === undefined ? undefined : [binary],
  };
}

const bun = binaryIn(join(modules, '@oven'), 'bin/bun');
const deno = binaryIn(join(modules, '@deno'), 'deno');

export const runtimes: readonly Runtime[] = [
  ...[20, 22, 24].map(node),
  { name: 'Bun', userAgent: /^Bun\//, command: bun === undefined ? undefined : [bun, 'run'] },
  {
    name: 'Deno',
    userAgent: /^Deno\//,
    command: deno === undefined ? undefined : [deno, 'run', '--allow-all', '--node-modules-dir=manual'],
  },
];

const miniflare = join(modules, 'miniflare');

/** Where miniflare is, which starts workerd, or undefined if it is not installed. */
export const installedMiniflare: string | undefined = existsSync(miniflare) ? miniflare : undefined;
