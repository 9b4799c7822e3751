import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { WebSocketServer } from 'ws';

export interface WebSocketProxy {
  /** Host and port, as Neon's `wsProxy` wants them. */
  readonly address: string;
  close(): Promise<void>;
}

/** Passes the bytes of WebSockets on to PostgreSQL, and back, as Neon's service does. */
export async function startWebSocketProxy(target: string): Promise<WebSocketProxy> {
  const { hostname, port } = new URL(target);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    const wire = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.on('message', (data) => wire.write(data as Buffer));
    socket.on('close', () => wire.destroy());
    socket.on('error', () => wire.destroy());
    wire.on('data', (data) => socket.send(data));
    wire.on('close', () => socket.close());
    wire.on('error', () => socket.close());
  });
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const client of server.clients) client.terminate();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
