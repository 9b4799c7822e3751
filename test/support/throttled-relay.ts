import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listenInstead } from './listen-instead.ts';

export interface ThrottledRelay {
  /** The target's URL, with the relay's host and port. */
  readonly url: string;
  close(): Promise<void>;
}

/** A TCP relay that takes the client's data so slowly that they stay in the client's socket. */
export async function startThrottledRelay(target: string, bytesPerTick = 1 << 18): Promise<ThrottledRelay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    // Without a flow the client's data are read only by `read()`, and the rest waits in its socket.
    client.on('readable', () => {});
    upstream.on('data', (data) => client.writable && client.write(data));
    const ticking = setInterval(() => {
      const data = client.read(Math.min(bytesPerTick, client.readableLength)) ?? client.read();
      if (data && upstream.writable) upstream.write(data);
    }, tick);
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(ticking);
        for (const each of both) sockets.delete(each.destroy());
      });
    }
  });
  const url = await listenInstead(server, target);
  return {
    url,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const tick = 5;
