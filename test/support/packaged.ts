import { execFile } from 'node:child_process';
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
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packaged = fileURLToPath(new URL('../packaged', import.meta.url));

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

/** The drivers that have a program of their own in `test/packaged/drivers/`. */
export type PackagedDriver = 'pg' | 'postgres' | 'neon' | 'pglite';

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

/**
 * Packs the library, and returns the path of the tarball. It is built in a copy of the repository: a build empties `dist`,
 * and two files of tests may pack at the same time.
 */
async function pack(folder: string): Promise<string> {
  const copy = join(folder, 'repository');
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const isConfig = (name: string) =>
    /^(package|tsconfig\.\w+|tsconfig)\.json$|^rolldown\.config\.ts$/.test(name);
  const copied = [...files.filter((name) => name !== 'dist'), ...readdirSync(root).filter(isConfig)];
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await execute('npm', ['pack', '--pack-destination', folder], { cwd: copy });
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}
