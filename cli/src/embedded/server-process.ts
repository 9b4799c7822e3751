import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Owner } from './binaries.ts';

/**
 * Starts a server that the terminal's Ctrl-C does not end, since other code may still need it to roll back.
 */
export function spawnServer(
  program: string,
  args: readonly string[],
  options: Owner & { readonly cwd: string },
): ChildProcess {
  // A process group of its own, which Ctrl-C does not reach.
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, ...options });
}

/** Resolves when the server has logged these words. Rejects with the end of its log if it exits before. */
export function untilLogged(server: ChildProcess, words: string): Promise<void> {
  let log = '';
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', () => reject(new Error(log)));
    server.stderr?.setEncoding('utf8').on('data', (message: string) => {
      log = (log + message).slice(-2_000);
      if (log.includes(words)) resolve();
    });
  });
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
