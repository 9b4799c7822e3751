/** Records as the data of COPY. */
import { CR, countByte, LF, type LineEnd, newlineBytes } from './scan.ts';

/** Larger data are written to the socket in pieces. The memory of a larger one would go back to the system each time. */
const pieceBytes = 64 * 1024;

export class CsvData {
  readonly #head: Buffer;
  readonly #lineEnd: LineEnd;

  /** @param ends the position behind each record in `bytes`, its line end included if it has one */
  constructor(
    readonly bytes: Buffer,
    readonly ends: readonly number[],
    lineEnd: LineEnd,
  ) {
    this.#lineEnd = lineEnd;
    // The server skips this line, and learns the line ends from it.
    this.#head = Buffer.from(`h${lineEnd}`);
  }

  startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number);
  }

  /** A record without its line end. */
  record(index: number): Buffer {
    const end = this.ends[index] as number;
    const record = this.bytes.subarray(this.startOf(index), end);
    return record.subarray(0, record.length - lineEndLength(record, this.#lineEnd));
  }

  pieces(from: number, to: number): Uint8Array[] {
    const pieces: Uint8Array[] = [this.#head];
    const end = to === 0 ? 0 : (this.ends[to - 1] as number);
    for (let at = this.startOf(from); at < end; at += pieceBytes) {
      pieces.push(this.bytes.subarray(at, Math.min(at + pieceBytes, end)));
    }
    return pieces;
  }

  /** The record of a line, of which the first is the header's. The server counts a record's last line. */
  recordAt(line: number, from: number, to: number): number | undefined {
    const { server } = newlineBytes(this.#lineEnd);
    let lines = 1;
    for (let index = from; index < to; index++) {
      lines += 1 + countByte(this.record(index), server);
      if (lines >= line) return index;
    }
    return undefined;
  }
}

/** The length of the line end of a record: 0 if it is the last of a file. */
export function lineEndLength(record: Uint8Array, lineEnd: LineEnd): number {
  if (record.at(-1) !== (lineEnd === '\r' ? CR : LF)) return 0;
  return lineEnd === '\r\n' && record.at(-2) === CR ? 2 : 1;
}
