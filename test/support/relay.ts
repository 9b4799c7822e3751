import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { delayed } from './delayed.ts';
import { listenInstead } from './listen-instead.ts';
import { TripCounter } from './trip-counter.ts';
import { asksForEncryption, bindsNamed, MessageReader, statementText } from './wire-messages.ts';

export interface RelayOptions {
  /** The URL of the database behind the relay. */
  readonly target: string;
  /**
   * The time of each way in milliseconds; a round trip takes twice as long. Default: 0. Without a
   * delay, results arrive while a client is still writing, so its flight may be counted as several trips. Set
   * a few milliseconds if the number matters.
   */
  readonly delay?: number;
  /** The time of the way back, if it is different. Default: `delay`. */
  readonly delayBack?: number;
}

export interface Relay {
  /** The target's URL, with the relay's host and port. */
  readonly url: string;
  /** Round trips of all connections since the last `reset()`. `TripCounter` defines which are counted. */
  readonly trips: number;
  /**
   * The SQL of every Parse and Query since the last `reset()`, in the order sent, without those of the
   * start-up. The unnamed statement counts once more each time that it is bound again.
   */
  readonly statements: readonly string[];
  reset(): void;
  /** Changes the time of both ways, while nothing is on its way. */
  setDelay(delay: number): void;
  /** Closes the relay and cuts all connections. */
  close(): Promise<void>;
}

/**
 * A TCP relay in front of PostgreSQL that adds latency and counts round trips. It runs in the process of its
 * client, and does not support TLS.
 */
export async function startRelay({ target, delay = 0, delayBack = delay }: RelayOptions): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const counters: TripCounter[] = [];
  const ways = { there: delayed(delay), back: delayed(delayBack) };
  let statements: string[] = [];

  const relay = createServer({ noDelay: true }, (client) => {
    const server = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 5432),
      noDelay: true,
    });
    const counter = new TripCounter();
    const sent = new MessageReader('client', 'PQB');
    const unnamed = { statement: '', isBound: false };
    const delivered = new MessageReader('server');
    counters.push(counter);
    join(client, server, 'there');
    join(server, client, 'back');

    client.on('data', (chunk: Buffer) => {
      if (asksForEncryption(chunk)) return void client.write('N');
      for (const event of sent.push(chunk)) {
        if (event.at === 'start') {
          counter.clientStarts(event.type);
        } else if (event.type === 'P' || event.type === 'Q') {
          const statement = statementText(event.type, event.body);
          counter.clientEnds(event.type, statement);
          if (!counter.starting) statements.push(statement);
          if (event.type === 'P' && event.body[0] === 0)
            Object.assign(unnamed, { statement, isBound: false });
        } else {
          counter.clientEnds(event.type);
          if (event.type !== 'B' || bindsNamed(event.body)) continue;
          if (unnamed.isBound) statements.push(unnamed.statement);
          unnamed.isBound = true;
        }
      }
      ways.there(() => server.writable && server.write(chunk));
    });
    server.on('data', (chunk: Buffer) => {
      ways.back(() => {
        if (client.writable) client.write(chunk);
        for (const event of delivered.push(chunk)) {
          if (event.at === 'end') counter.serverDelivers(event.type);
        }
      });
    });
  });

  /** Closing one side closes the other, after the bytes that are still being delivered. */
  function join(one: Socket, other: Socket, way: keyof typeof ways): void {
    sockets.add(one);
    one.on('error', () => ways[way](() => other.destroy()));
    one.on('close', () => {
      sockets.delete(one);
      ways[way](() => other.end());
    });
  }

  const url = await listenInstead(relay, target);

  return {
    url,
    get trips() {
      return counters.reduce((sum, counter) => sum + counter.trips, 0);
    },
    get statements() {
      return statements;
    },
    reset() {
      for (const counter of counters) counter.trips = 0;
      statements = [];
    },
    setDelay(changed) {
      ways.there = delayed(changed);
      ways.back = delayed(changed);
    },
    async close() {
      const closed = once(relay, 'close');
      relay.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
