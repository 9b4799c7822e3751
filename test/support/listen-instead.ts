import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listens on loopback instead of the server that a URL names. @returns the URL with its own address */
export async function listenInstead(server: Server, target: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url.href;
}
