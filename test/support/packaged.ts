import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { type Ended, untilEnd } from './run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packaged = fileURLToPath(new URL('../packaged', import.meta.url));
const rootManifest: {
  readonly files: readonly string[];
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const execute = promisify(execFile);

/**
 * A folder in which the packed library is installed, with its peers. Its programs stand in two folders: in `esm/` they are
 * ES modules, in `cjs/` CommonJS.
 */
export interface PackagedFolder {
  readonly path: string;
  /**
   * Runs `node` with these arguments in the folder, and returns what it prints.
   *
   * @throws with all of the output, if the exit code is not 0
   */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ stdout: string; stderr: string }>;
  /** Makes the folders `esm/` and `cjs/` in another one, for what a compiler writes. */
  makeKinds(folder: string): void;
}

/**
 * Called at the top of a test file. The library is built, packed and installed before the first test, beside the tools of
 * `test/packaged/package.json`.
 */
export function usePackaged(): PackagedFolder {
  const path = useTemporaryFolder();
  const folder = folderAt(path);
  beforeAll(async () => {
    copyPrograms(folder, ['programs']);
    await install(folder, '.', await pack(path));
  }, 180_000);
  return folder;
}

/**
 * Called at the top of a test file. A folder has the files of a program beside `test/packaged/`, what its package.json names,
 * and the library.
 */
export function usePackagedProgram(from: string): PackagedFolder {
  const path = useTemporaryFolder();
  const folder = folderAt(join(path, 'program'));
  beforeAll(async () => {
    cpSync(join(packaged, from), folder.path, { recursive: true });
    await install(folder, from, await pack(path));
  }, 180_000);
  return folder;
}

/** The drivers that have a program of their own in `test/packaged/drivers/`, and postgres.js on drizzle 1.0. */
export type PackagedDriver = 'pg' | 'postgres' | 'neon' | 'pglite' | 'drizzle-1';

/**
 * Called at the top of a test file. A folder for each driver has the library, drizzle and that driver. What compiles stands
 * beside them, where no program finds it.
 */
export function usePackagedDrivers(drivers: readonly PackagedDriver[]): {
  folders: Readonly<Record<PackagedDriver, PackagedFolder>>;
  /** The path of a file of a tool. */
  tool(file: string): string;
} {
  const path = useTemporaryFolder();
  const folderOf = (name: string) => folderAt(join(path, name));
  const folders = Object.fromEntries(drivers.map((driver) => [driver, folderOf(driver)])) as Record<
    PackagedDriver,
    PackagedFolder
  >;
  const tools = folderOf('tools');
  beforeAll(async () => {
    const tarball = await pack(path);
    for (const driver of drivers) copyPrograms(folders[driver], ['programs', 'drivers/programs']);
    mkdirSync(tools.path);
    await Promise.all([
      install(tools, 'drivers/tools'),
      ...drivers.map((driver) => install(folders[driver], `drivers/${driver}`, tarball)),
    ]);
  }, 180_000);
  return {
    folders,
    tool: (file) => join(tools.path, 'node_modules', file),
  };
}

/** A folder of a program that npm installs packages in, as a user does. */
export interface NewFolder {
  readonly path: string;
  /**
   * Runs `npm install`, and returns its output. The library and the command are the packed ones. Other packages have the
   * version that the repository is tested with.
   */
  install(...packages: string[]): Promise<{ stdout: string; stderr: string }>;
  /** Runs `npx` with these arguments to its end. It may run installed commands only. */
  npx(...args: string[]): Promise<Ended>;
}

/** Called at the top of a test file. The library and the command are built and packed before the first test. */
export function useNewFolders<TName extends string>(
  ...names: readonly TName[]
): Readonly<Record<TName, NewFolder>> {
  const path = useTemporaryFolder();
  const packed: Record<string, string> = {};
  beforeAll(async () => {
    const { library, command } = await packBoth(path);
    Object.assign(packed, { 'batched-drizzle': library, 'batched-drizzle-cli': command });
    for (const name of names) mkdirSync(join(path, name));
  }, 180_000);
  const folderOf = (name: string): NewFolder => {
    const cwd = join(path, name);
    return {
      path: cwd,
      install(...packages) {
        const wanted = packages.map(
          (name) => packed[name] ?? `${name}@${rootManifest.devDependencies[name]}`,
        );
        const options = ['--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier'];
        return execute('npm', ['install', ...wanted, ...options], { cwd });
      },
      npx: (...args) => untilEnd(spawn('npx', ['--no', '--', ...args], { cwd, stdio: 'pipe' })),
    };
  };
  return Object.fromEntries(names.map((name) => [name, folderOf(name)])) as Record<TName, NewFolder>;
}

/** What a package.json needs so that npm runs the scripts of the packages that the repository lets run. */
export const { allowScripts } = rootManifest;

function useTemporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'batched-drizzle-packaged-'));
  afterAll(() => rmSync(path, { recursive: true }));
  return path;
}

function folderAt(path: string): PackagedFolder {
  return {
    path,
    makeKinds(folder) {
      for (const [kind, type] of [
        ['esm', 'module'],
        ['cjs', 'commonjs'],
      ] as const) {
        mkdirSync(join(path, folder, kind), { recursive: true });
        writeFileSync(join(path, folder, kind, 'package.json'), JSON.stringify({ type }));
      }
    },
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

/** Copies all files of these folders to where they are ES modules, and to where they are CommonJS. */
function copyPrograms({ path, makeKinds }: PackagedFolder, programs: readonly string[]): void {
  makeKinds('.');
  for (const kind of ['esm', 'cjs'])
    for (const from of programs) cpSync(join(packaged, from), join(path, kind), { recursive: true });
}

/** Installs what the package.json of a folder names, and the library. */
async function install({ path }: PackagedFolder, from: string, ...tarball: string[]): Promise<void> {
  for (const file of ['package.json', 'package-lock.json'])
    cpSync(join(packaged, from, file), join(path, file));
  const options = ['--no-save', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await execute('npm', ['install', ...tarball, ...options], { cwd: path });
}

/** Packs the library, and returns the path of the tarball. */
async function pack(folder: string): Promise<string> {
  return packIn(copyRepository(folder), folder);
}

/** Packs the library and the command. */
async function packBoth(folder: string): Promise<{ library: string; command: string }> {
  const copy = copyRepository(folder);
  const library = await packIn(copy, folder);
  // It has been built with the library.
  return { library, command: await packIn(join(copy, 'cli'), folder, '--ignore-scripts') };
}

/** The packages are built in a copy of the repository: a build empties `dist`, and two files of tests may pack at the same time. */
function copyRepository(folder: string): string {
  const copy = join(folder, 'repository');
  const isConfig = (name: string) => /^(package|tsconfig(\.\w+)*)\.json$|^rolldown\.config\.ts$/.test(name);
  const isMade = (path: string) => /^(dist|node_modules)$/.test(basename(path));
  for (const name of [...rootManifest.files, 'cli', ...readdirSync(root).filter(isConfig)])
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: (path) => !isMade(path) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

async function packIn(path: string, folder: string, ...options: string[]): Promise<string> {
  await execute('npm', ['pack', '--pack-destination', folder, ...options], { cwd: path });
  const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return join(folder, `${name}-${version}.tgz`);
}
