/**
 * An event in PostgreSQL's message framing: `start` when a message's header is complete, `end` when its last
 * byte has arrived. For a large message there is much time between the two.
 */
export type WireEvent =
  | { readonly at: 'start'; readonly type: string }
  | { readonly at: 'end'; readonly type: string; readonly body: Buffer };

/** The type that stands for the first message of a client, which is the only one without a type. */
export const START_UP = 'start-up';

/** Splits one direction of a connection into messages, however the bytes are split into chunks. */
export class MessageReader {
  readonly #keep: string;
  #typed: boolean;
  #header: Buffer = Buffer.alloc(0);
  #current: { type: string; left: number; pieces: Buffer[] } | undefined;

  /**
   * `keep` lists the types whose bodies are needed. Other bodies are not kept in memory and are returned
   * empty.
   */
  constructor(side: 'client' | 'server', keep = '') {
    this.#typed = side === 'server';
    this.#keep = keep;
  }

  push(chunk: Buffer): WireEvent[] {
    const events: WireEvent[] = [];
    let rest = this.#header.length > 0 ? Buffer.concat([this.#header, chunk]) : chunk;
    for (;;) {
      if (!this.#current) {
        const headerLength = this.#typed ? 5 : 4;
        if (rest.length < headerLength) break;
        const type = this.#typed ? String.fromCharCode(rest.readUInt8(0)) : START_UP;
        this.#current = { type, left: rest.readInt32BE(headerLength - 4) - 4, pieces: [] };
        this.#typed = true;
        rest = rest.subarray(headerLength);
        events.push({ at: 'start', type });
      }
      const { type, left, pieces } = this.#current;
      const piece = rest.subarray(0, left);
      if (this.#keep.includes(type)) pieces.push(piece);
      rest = rest.subarray(piece.length);
      this.#current.left -= piece.length;
      if (this.#current.left > 0) break;
      this.#current = undefined;
      events.push({ at: 'end', type, body: Buffer.concat(pieces) });
    }
    this.#header = rest;
    return events;
  }
}

/** A whole message, and its bytes on the wire. */
export interface WireMessage {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Splits one direction of a connection into whole messages, which can be held back and sent on. */
export class MessageSplitter {
  #typed: boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(side: 'client' | 'server') {
    this.#typed = side === 'server';
  }

  push(chunk: Buffer): WireMessage[] {
    const messages: WireMessage[] = [];
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const lengthAt = this.#typed ? 1 : 0;
      if (this.#rest.length < lengthAt + 4) return messages;
      const length = lengthAt + this.#rest.readInt32BE(lengthAt);
      if (this.#rest.length < length) return messages;
      const type = this.#typed ? String.fromCharCode(this.#rest.readUInt8(0)) : START_UP;
      messages.push({ type, bytes: this.#rest.subarray(0, length) });
      this.#rest = this.#rest.subarray(length);
      this.#typed = true;
    }
  }
}

/**
 * The readable text of a message, by which tests match it. For the client it is a statement, the rows of a
 * COPY, or the end of a COPY. For the server it is the tag at the end of a statement, the readiness for a COPY's
 * rows, or the message that names the backend of a new connection.
 */
export function wordsOf({ type, bytes }: WireMessage): string | undefined {
  const body = bytes.subarray(5);
  if (type === 'P' || type === 'Q') return statementText(type, body);
  if (type === 'd') return body.toString();
  if (type === 'c') return 'CopyDone';
  if (type === 'G') return 'CopyInResponse';
  if (type === 'K') return 'BackendKeyData';
  if (type === 'Z') return 'ReadyForQuery';
  return type === 'C' ? body.toString('utf8', 0, body.length - 1) : undefined;
}

/** The SQL of a Parse or Query message. */
export function statementText(type: 'P' | 'Q', body: Buffer): string {
  const start = type === 'P' ? body.indexOf(0) + 1 : 0;
  return body.toString('utf8', start, body.indexOf(0, start));
}

/** Whether a Bind message is of a statement with a name. */
export function bindsNamed(body: Buffer): boolean {
  return body[body.indexOf(0) + 1] !== 0;
}

/**
 * Whether these bytes request TLS (or GSSAPI). A client sends them alone and waits for a one-byte response.
 */
export function asksForEncryption(chunk: Buffer): boolean {
  return chunk.length === 8 && [80877103, 80877104].includes(chunk.readInt32BE(4));
}
