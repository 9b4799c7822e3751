import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atExit } from '../../cli/src/embedded/at-exit.ts';
import { reachableTmpdir, serverOwner } from '../../cli/src/embedded/binaries.ts';
import { freePort, spawnServer, untilLogged } from '../../cli/src/embedded/server-process.ts';
import { findProgram } from './find-program.ts';

export interface PgBouncer {
  /** The target's URL, with PgBouncer's host and port. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The path of PgBouncer, if it is installed. */
export const pgBouncerProgram = findProgram('pgbouncer');

/** When PgBouncer gives the server's connection to others: at the end of a session, a transaction or a statement. */
export type PoolMode = 'session' | 'transaction' | 'statement';

/**
 * PgBouncer in front of the database that the URL names.
 *
 * @param program `pgBouncerProgram`
 * @param poolSize connections to the server; further transactions wait for one another
 */
export async function startPgBouncer(
  program: string,
  target: string,
  poolSize = 10,
  mode: PoolMode = 'transaction',
): Promise<PgBouncer> {
  const owner = await serverOwner();
  const folder = await mkdtemp(join(await reachableTmpdir(), 'batched-drizzle-pgbouncer-'));
  const url = new URL(target);
  const port = await freePort();
  const files = {
    'pgbouncer.ini': settings(url, port, join(folder, 'users.txt'), { poolSize, mode }),
    'users.txt': `${quoted(url.username)} ${quoted(url.password)}\n`,
  };

  let pooler: ChildProcess | undefined;
  const disarm = atExit(() => {
    pooler?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  // SIGKILL is safe, since PgBouncer keeps no state. The effect of its gentler signals depends on its
  // version.
  const stop = async () => {
    const ended = pooler && once(pooler, 'exit');
    if (pooler?.kill('SIGKILL')) await ended;
    await rm(folder, { recursive: true, force: true });
    disarm();
  };

  try {
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content, { mode: 0o600 });
    }
    for (const path of [folder, ...Object.keys(files).map((name) => join(folder, name))]) {
      if (owner.uid !== undefined && owner.gid !== undefined) await chown(path, owner.uid, owner.gid);
    }
    pooler = spawnServer(program, [join(folder, 'pgbouncer.ini')], { cwd: folder, ...owner });
    await untilLogged(pooler, 'process up');
  } catch (cause) {
    await stop();
    throw new Error(`PgBouncer did not start: ${(cause as Error).message}`, { cause });
  }
  url.host = `127.0.0.1:${port}`;
  return { url: url.href, stop };
}

function settings(
  target: URL,
  port: number,
  users: string,
  { poolSize, mode }: { poolSize: number; mode: PoolMode },
): string {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  return `
[databases]
* = host=${host} port=${target.port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${target.password ? 'scram-sha-256' : 'trust'}
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = ${poolSize}
max_client_conn = 1000
`;
}

const quoted = (encoded: string) => `"${decodeURIComponent(encoded).replaceAll('"', '""')}"`;
