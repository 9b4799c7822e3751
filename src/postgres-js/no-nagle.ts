/** Sockets that send at once. */
import net from 'node:net';
import type { Sql } from 'postgres';
import type { ClientOptions } from './internals.ts';

/**
 * Lets new connections send without waiting for the server's acknowledgement (Nagle's algorithm), which
 * costs a pipeline a round trip or 40 ms. A socket of the user's own, several hosts and Unix sockets stay as
 * they are, and so do connections opened before.
 */
export function disableNagle(client: Sql): void {
  const options = client.options as unknown as ClientOptions | undefined;
  if (!options || options.socket || options.path || options.host?.length !== 1) return;
  options.socket = ({ host: [host], port: [port] }: { host: [string]; port: [number] }) => {
    const socket = new net.Socket();
    socket.setNoDelay(true);
    return Object.assign(socket.connect(port, host), { host, port });
  };
}
