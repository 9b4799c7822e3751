import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listenInstead } from './listen-instead.ts';
import { asksForEncryption, MessageSplitter, type WireMessage } from './wire-messages.ts';

export interface MessageRelay {
  /** The target's URL, with the relay's host and port. */
  readonly url: string;
  /** Closes the relay and cuts all connections. */
  close(): Promise<void>;
}

/** What becomes of the messages of one connection. */
export interface WireRules {
  /** Is called for each message of the client. */
  sent?(message: WireMessage): void;
  /** @returns what the client gets for a message of the server */
  answered(message: WireMessage): readonly Buffer[];
}

/** A TCP relay in front of PostgreSQL that may keep, change or add messages of the server. */
export async function startMessageRelay(target: string, rulesOf: () => WireRules): Promise<MessageRelay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();

  const relay = createServer({ noDelay: true }, (client) => {
    const server = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 5432),
      noDelay: true,
    });
    const rules = rulesOf();
    const sent = new MessageSplitter('client');
    const answered = new MessageSplitter('server');
    client.on('data', (chunk: Buffer) => {
      if (asksForEncryption(chunk)) return void client.write('N');
      for (const message of sent.push(chunk)) {
        rules.sent?.(message);
        server.write(message.bytes);
      }
    });
    server.on('data', (chunk: Buffer) => {
      for (const message of answered.push(chunk)) {
        for (const bytes of rules.answered(message)) client.write(bytes);
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
  const url = await listenInstead(relay, target);

  return {
    url,
    async close() {
      const closed = once(relay, 'close');
      relay.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
