import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listenInstead } from './listen-instead.ts';
import { MessageSplitter, type WireMessage, wordsOf } from './wire-messages.ts';

/** A message at which a connection is held: a statement of the client, or the command tag of the server. */
export interface HoldPoint {
  readonly side: 'client' | 'server';
  readonly words: RegExp;
}

/** A connection whose messages in one direction are held back. */
export interface HeldWire {
  /** The process id of the backend. */
  readonly pid: number;
  /** Settles when the client has sent a matching statement since its last BEGIN. */
  sent(words: RegExp): Promise<void>;
  /** Sends the messages that were held back. */
  release(): void;
  /** Closes both sides as a proxy would when it ends, or resets them as a broken network would. */
  cut(how: 'close' | 'reset'): void;
}

export interface FaultRelay {
  /** The target's URL, with the relay's host and port. */
  readonly url: string;
  /** Holds the next connection that reaches the point, once, before the message is sent on. */
  hold(point: HoldPoint): Promise<HeldWire>;
  /** Rewrites the next matching statement, once. The new text must be as long as the old one. */
  spoil(words: RegExp, by: string): void;
  /** From now on every error of the server with the one SQLSTATE has the other one. */
  translate(from: string, to: string): void;
  /** Cuts one of the open connections, if there is any. */
  cutOne(pick: (count: number) => number, how: 'close' | 'reset'): void;
  /** Closes the relay and cuts all connections. */
  close(): Promise<void>;
}

/**
 * A TCP relay in front of PostgreSQL that stops at a given message, so that a fault happens at a known
 * moment.
 */
export async function startFaultRelay(target: string): Promise<FaultRelay> {
  const { hostname, port } = new URL(target);
  const wires = new Set<Wire>();
  let awaited: { point: HoldPoint; held: (wire: HeldWire) => void } | undefined;
  let spoilt: { words: RegExp; by: string } | undefined;

  const stopsAt = (side: HoldPoint['side'], message: WireMessage, wire: Wire): boolean => {
    if (awaited?.point.side !== side || !awaited.point.words.test(wordsOf(message) ?? '')) return false;
    const { held } = awaited;
    awaited = undefined;
    held(wire);
    return true;
  };
  const rewrite = (message: WireMessage): WireMessage => {
    const words = spoilt && wordsOf(message);
    if (!spoilt || !words?.match(spoilt.words)) return message;
    const bytes = Buffer.from(message.bytes);
    bytes.write(spoilt.by, bytes.indexOf(words));
    spoilt = undefined;
    return { ...message, bytes };
  };
  let translation: { from: string; to: string } | undefined;
  const translate = (message: WireMessage): WireMessage => {
    const at = translation && message.type === 'E' ? message.bytes.indexOf(`\0C${translation.from}\0`) : -1;
    if (!translation || at < 0) return message;
    const bytes = Buffer.from(message.bytes);
    bytes.write(translation.to, at + 2);
    return { ...message, bytes };
  };

  const relay = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: hostname, port: Number(port || 5432), noDelay: true });
    const wire = new Wire(client, server, stopsAt, { rewrite, translate });
    wires.add(wire);
    client.on('close', () => wires.delete(wire));
  });
  const url = await listenInstead(relay, target);

  return {
    url,
    hold: (point) =>
      new Promise((held) => {
        awaited = { point, held };
      }),
    spoil(words, by) {
      spoilt = { words, by };
    },
    translate(from, to) {
      translation = { from, to };
    },
    cutOne(pick, how) {
      [...wires][pick(wires.size)]?.cut(how);
    },
    async close() {
      const closed = once(relay, 'close');
      relay.close();
      for (const wire of wires) wire.cut('close');
      await closed;
    },
  };
}

type StopsAt = (side: HoldPoint['side'], message: WireMessage, wire: Wire) => boolean;

class Wire implements HeldWire {
  pid = 0;
  readonly #pipes: readonly Pipe[];
  #sent: string[] = [];
  #onSent = (): void => {};

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    stopsAt: StopsAt,
    { rewrite, translate }: Record<'rewrite' | 'translate', (message: WireMessage) => WireMessage>,
  ) {
    const up = new Pipe(server, (message) => stopsAt('client', message, this));
    const down = new Pipe(client, (message) => stopsAt('server', message, this));
    this.#pipes = [up, down];
    const sent = new MessageSplitter('client');
    const answered = new MessageSplitter('server');
    client.on('data', (chunk: Buffer) => {
      for (const message of sent.push(chunk).map(rewrite)) {
        const words = wordsOf(message);
        if (words?.startsWith('begin')) this.#sent = [];
        if (words !== undefined) this.#sent.push(words);
        up.push(message);
      }
      this.#onSent();
    });
    server.on('data', (chunk: Buffer) => {
      for (const message of answered.push(chunk).map(translate)) {
        if (message.type === 'K') this.pid = message.bytes.readInt32BE(5);
        down.push(message);
      }
    });
    for (const [socket, pipe] of [[client, up] as const, [server, down] as const]) {
      socket.on('error', () => {});
      socket.on('close', () => pipe.end());
    }
  }

  async sent(words: RegExp): Promise<void> {
    while (!this.#sent.some((statement) => words.test(statement))) {
      await new Promise<void>((resolve) => {
        this.#onSent = resolve;
      });
    }
  }

  release(): void {
    for (const pipe of this.#pipes) pipe.release();
  }

  cut(how: 'close' | 'reset'): void {
    for (const socket of [this.client, this.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}

/** One direction of a connection. */
class Pipe {
  #queue: WireMessage[] = [];
  #isHeld = false;
  #isEnding = false;

  constructor(
    readonly to: Socket,
    readonly stopsAt: (message: WireMessage) => boolean,
  ) {}

  push(message: WireMessage): void {
    this.#queue.push(message);
    if (!this.#isHeld) this.#pump();
  }

  /** Closing one side closes the other, after the messages that are still to be sent. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isHeld) this.to.end();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#write(this.#queue.shift());
    this.#pump();
  }

  #pump(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (this.stopsAt(next)) {
        this.#isHeld = true;
        return;
      }
      this.#write(this.#queue.shift());
    }
    if (this.#isEnding) this.to.end();
  }

  #write(message: WireMessage | undefined): void {
    if (message && this.to.writable) this.to.write(message.bytes);
  }
}
