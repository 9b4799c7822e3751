import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Owner } from './binaries.ts';

/** Starts a server that is not ended by the terminal's Ctrl-C under the hands of those who still need it. */
export function spawnServer(
  program: string,
  args: readonly string[],
  options: Owner & { readonly cwd: string },
): ChildProcess {
  // A group of its own, which Ctrl-C does not reach.
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, ...options });
}

/** Resolves when the server has logged these words; rejects with the end of its log when it ends before. */
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
