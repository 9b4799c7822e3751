import { connect } from 'node:net';
import type { Sql } from 'postgres';

interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path: unknown;
}

/**
 * Turns off Nagle's algorithm. With it the COPY of each chunk waits for the acknowledgement of what was sent before, which
 * the server's system gives after 40 ms.
 *
 * postgres.js leaves the socket to a function, and then tries no second host. So a client with several is left as it is.
 */
export function sendAtOnce({ options }: Sql): void {
  const { host, port, path } = options as unknown as Address;
  if (path || host.length !== 1) return;
  const address = { host: host[0] as string, port: port[0] as number };
  // It reads the address from the socket, for TLS and for cancelling.
  Object.assign(options, { socket: () => Object.assign(connect(address).setNoDelay(true), address) });
}
