import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { asksForEncryption, MessageSplitter } from './wire-messages.ts';

export interface EarlyCheckIn {
  /** The target's URL, with the pooler's host and port. */
  readonly url: string;
  /** How many messages of the client were sent behind the end of a transaction, and lost their answers. */
  readonly lost: number;
  /** Closes the pooler and cuts all connections. */
  close(): Promise<void>;
}

/**
 * A stand-in for a pooler that gives the server's connection back at the first ReadyForQuery that says "idle".
 *
 * What the client has sent behind is executed already, and its answers reach nobody. Supavisor has worked so.
 */
export async function startEarlyCheckIn(target: string): Promise<EarlyCheckIn> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let lost = 0;

  const pooler = createServer({ noDelay: true }, (client) => {
    const server = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 5432),
      noDelay: true,
    });
    const sent = new MessageSplitter('client');
    const answered = new MessageSplitter('server');
    /** Messages that are answered by a ReadyForQuery, and have not been. */
    let unanswered = 1;
    /** As many of them belong to a connection that was given back. */
    let abandoned = 0;

    client.on('data', (chunk: Buffer) => {
      if (asksForEncryption(chunk)) return void client.write('N');
      for (const { type, bytes } of sent.push(chunk)) {
        if (type === 'S' || type === 'Q') unanswered += 1;
        server.write(bytes);
      }
    });
    server.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of answered.push(chunk)) {
        if (abandoned === 0) client.write(bytes);
        if (type !== 'Z') continue;
        unanswered -= 1;
        if (abandoned > 0) abandoned -= 1;
        else if (bytes.toString('latin1', 5, 6) === 'I') {
          abandoned = unanswered;
          lost += unanswered;
        }
      }
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.end();
      });
    }
  });
  pooler.listen(0, '127.0.0.1');
  await once(pooler, 'listening');
  const url = new URL(target);
  url.host = `127.0.0.1:${(pooler.address() as AddressInfo).port}`;

  return {
    url: url.href,
    get lost() {
      return lost;
    },
    async close() {
      const closed = once(pooler, 'close');
      pooler.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
