/** Sockets without Nagle's algorithm. */
import net from 'node:net';
import type { Sql } from 'postgres';

interface Options {
  readonly host?: readonly string[];
  readonly path?: unknown;
  socket?: unknown;
}

/**
 * New connections send at once. With Nagle's algorithm the socket waits for the server's acknowledgement, which costs a
 * pipeline, or the COPY of each chunk, a round trip or 40 ms. Clients with a `socket` option, several hosts or a Unix socket
 * are left alone.
 */
export function disableNagle(client: Sql): void {
  const options = client.options as unknown as Options | undefined;
  if (!options || options.socket || options.path || options.host?.length !== 1) return;
  options.socket = ({ host: [host], port: [port] }: { host: [string]; port: [number] }) => {
    const socket = new net.Socket();
    socket.setNoDelay(true);
    return Object.assign(socket.connect(port, host), { host, port });
  };
}
