/** Finds the messages of PostgreSQL's protocol in chunks of bytes. It keeps none but a header that is cut. */

/** Receives a message's type, and where its body begins in the chunk. The body may go on in later chunks. */
export type OnMessage = (type: string, chunk: Buffer, body: number, length: number) => void;

const nothing = Buffer.alloc(0);

/** So many bytes of a body are read: of texts, tags, the state and the process id. They are waited for. */
const read: Readonly<Record<string, number>> = { P: 512, Q: 512, B: 512, C: 32, Z: 1, K: 4 };

/** DataRow and CopyData of the server. */
const rows = [...Buffer.from('Dd')];

export class MessageReader {
  /** Bytes of a body that are still to come. */
  #skip = 0;
  #cut = nothing;
  /** The first message of a client has no type. */
  #isFirst: boolean;
  readonly #isServer: boolean;

  constructor(
    side: 'client' | 'server',
    readonly onMessage: OnMessage,
  ) {
    this.#isFirst = side === 'client';
    this.#isServer = side === 'server';
  }

  read(bytes: Buffer): void {
    const chunk = this.#cut.length > 0 ? Buffer.concat([this.#cut, bytes]) : bytes;
    this.#cut = nothing;
    const { length: end } = chunk;
    const [row, copied] = this.#isServer ? rows : [];
    let at = 0;
    while (at < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      // Large results are made of these, and say nothing. So they are passed over as fast as possible.
      const first = chunk[at];
      if ((first === row || first === copied) && end - at > 4) {
        at += 1;
        this.#skip = chunk.readUInt32BE(at);
        continue;
      }
      const header = this.#isFirst ? 4 : 5;
      const rest = end - at - header;
      const length = rest < 0 ? 0 : chunk.readUInt32BE(at + header - 4) - 4;
      const type = this.#isFirst ? '' : String.fromCharCode(chunk[at] as number);
      if (rest < 0 || rest < Math.min(length, read[type] ?? 0)) {
        this.#cut = Buffer.from(chunk.subarray(at));
        return;
      }
      this.#isFirst = false;
      at += header;
      this.onMessage(type, chunk, at, length);
      this.#skip = length;
    }
  }
}
