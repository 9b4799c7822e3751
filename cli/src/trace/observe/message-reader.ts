/** Finds the messages of PostgreSQL's protocol in chunks of bytes. It keeps none but a header that is cut. */

/** Receives a message's type, and where its body begins in the chunk. The body may go on in later chunks. */
export type OnMessage = (type: string, chunk: Buffer, body: number, length: number) => void;

const nothing = Buffer.alloc(0);

/** So many bytes of a body are read: of texts, tags, the state and the process id. They are waited for. */
const read: Readonly<Record<string, number>> = { P: 512, Q: 512, B: 512, C: 32, Z: 1, K: 4 };

export class MessageReader {
  /** Bytes of a body that are still to come. */
  #skip = 0;
  #cut = nothing;
  /** The first message of a client has no type. */
  #isFirst: boolean;

  constructor(
    side: 'client' | 'server',
    readonly onMessage: OnMessage,
  ) {
    this.#isFirst = side === 'client';
  }

  read(bytes: Buffer): void {
    const chunk = this.#cut.length > 0 ? Buffer.concat([this.#cut, bytes]) : bytes;
    this.#cut = nothing;
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const header = this.#isFirst ? 4 : 5;
      const rest = chunk.length - at - header;
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
