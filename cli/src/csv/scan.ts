/** Finds the ends of records in bytes, as the server finds them: only quotes and line ends count. */
import type { DialectBytes } from './dialect.ts';

export const LF = 0x0a;
export const CR = 0x0d;

export type LineEnd = '\n' | '\r\n' | '\r';

/** Looking at so many bytes takes as long as a jump. */
const bytesOfJump = 16;

/** Where a scan stands between two blocks. */
export class Scan {
  readonly #quote: number;
  readonly #escape: number;
  #isQuoted = false;
  #isEscaped = false;
  /** The last block had so many quotes and line ends that looking at each byte is faster. */
  #isDense = false;

  constructor({ quote, escape: mark }: Pick<DialectBytes, 'quote' | 'escape'>) {
    this.#quote = quote;
    // A quote that is written twice toggles twice, and needs no state.
    this.#escape = mark === quote ? -1 : mark;
  }

  /** The bytes ended inside quotes. */
  get isQuoted(): boolean {
    return this.#isQuoted;
  }

  /** Adds the position behind each record that ends in the block. `separator` is the last byte of a line end. */
  addEnds(block: Uint8Array, separator: number, base: number, ends: number[]): void {
    if (this.#escape === -1) this.#addPlainEnds(block, separator, base, ends);
    else this.#addEscapedEnds(block, separator, base, ends);
  }

  #addPlainEnds(block: Uint8Array, separator: number, base: number, ends: number[]): void {
    const found = ends.length;
    const quotes = this.#isDense
      ? this.#lookAtEach(block, separator, base, ends)
      : this.#jump(block, separator, base, ends);
    this.#isDense = block.length < (quotes + ends.length - found) * bytesOfJump;
  }

  #lookAtEach(block: Uint8Array, separator: number, base: number, ends: number[]): number {
    const quote = this.#quote;
    let isQuoted = this.#isQuoted;
    let quotes = 0;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at];
      if (byte === quote) {
        isQuoted = !isQuoted;
        quotes++;
      } else if (byte === separator && !isQuoted) ends.push(base + at + 1);
    }
    this.#isQuoted = isQuoted;
    return quotes;
  }

  /** Goes from one quote or line end to the next. */
  #jump(block: Uint8Array, separator: number, base: number, ends: number[]): number {
    const { length } = block;
    let isQuoted = this.#isQuoted;
    let quotes = 0;
    for (let from = 0; from < length; ) {
      const quote = this.#quoteFrom(block, from);
      if (!isQuoted) {
        let end = block.indexOf(separator, from);
        for (; end !== -1 && end < quote; end = block.indexOf(separator, end + 1)) ends.push(base + end + 1);
      }
      from = quote + 1;
      if (quote === length) break;
      isQuoted = !isQuoted;
      quotes++;
    }
    this.#isQuoted = isQuoted;
    return quotes;
  }

  #quoteFrom(block: Uint8Array, from: number): number {
    const found = this.#quote === -1 ? -1 : block.indexOf(this.#quote, from);
    return found === -1 ? block.length : found;
  }

  #addEscapedEnds(block: Uint8Array, separator: number, base: number, ends: number[]): void {
    for (let at = 0; at < block.length; at++) {
      const byte = block[at] as number;
      this.#take(byte);
      if (byte === separator && !this.#isQuoted) ends.push(base + at + 1);
    }
  }

  /** The position of the first line end outside quotes, from `from` on; -1 if there is none. */
  findLineEnd(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if ((byte === LF || byte === CR) && !this.#isQuoted) return at;
      this.#take(byte);
    }
    return -1;
  }

  #take(byte: number): void {
    if (this.#isQuoted && byte === this.#escape) this.#isEscaped = !this.#isEscaped;
    if (byte === this.#quote && !this.#isEscaped) this.#isQuoted = !this.#isQuoted;
    if (byte !== this.#escape) this.#isEscaped = false;
  }
}

/** How often the byte stands between two positions. */
export function countByte(bytes: Uint8Array, byte: number, from = 0, to = bytes.length): number {
  let count = 0;
  for (let at = bytes.indexOf(byte, from); at !== -1 && at < to; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

/** The byte that makes a new line for an editor, and for the server's count inside quotes. */
export function newlineBytes(lineEnd: LineEnd): { readonly editor: number; readonly server: number } {
  return { editor: lineEnd === '\r' ? CR : LF, server: lineEnd === '\n' ? LF : CR };
}
