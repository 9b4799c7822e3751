/** Finds the ends of records in bytes, as the server finds them: only quotes and line ends count. */
import type { DialectBytes } from './dialect.ts';

export const LF = 0x0a;
export const CR = 0x0d;

export type LineEnd = '\n' | '\r\n' | '\r';

/** Where a scan stands between two blocks. */
export class Scan {
  readonly #quote: number;
  readonly #escape: number;
  #isQuoted = false;
  #isEscaped = false;

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
    const quote = this.#quote;
    let isQuoted = this.#isQuoted;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at];
      if (byte === quote) isQuoted = !isQuoted;
      else if (byte === separator && !isQuoted) ends.push(base + at + 1);
    }
    this.#isQuoted = isQuoted;
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
