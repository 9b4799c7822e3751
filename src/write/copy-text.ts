/** Rows → the text format of COPY. */

/** `undefined` if the row leaves the column to the database, `null` for NULL. */
export type TextCell = string | null | undefined;

/** Marks a column that gets its default. No value equals it, because the backslash in a value is doubled. */
export const defaultMarker = '\\D';

/**
 * Large enough for one write to keep the connection busy. Flattening a longer string takes longer without a
 * benefit.
 */
const blockLength = 64 * 1024;

const newline = 10;

/** Lines of COPY, in blocks of bytes. */
export class CopyText {
  readonly #blocks: Buffer[] = [];
  #open = '';
  /** All bytes in one buffer, and the end of each line. Both are made only when a slice is asked for. */
  #whole: Buffer | undefined;
  #ends: number[] | undefined;

  /**
   * Adds a line.
   *
   * @param columns which of the cells, by index
   * @param isPlain no cell has a character that must be escaped
   * @returns about how many characters the line has
   * @example
   * add(['Ada', null, undefined], [0, 1, 2], true) // Ada\t\\N\t\\D\n
   */
  add(cells: readonly TextCell[], columns: readonly number[], isPlain: boolean): number {
    const before = this.#open.length;
    let text = this.#open;
    for (let position = 0; position < columns.length; position++) {
      if (position > 0) text += '\t';
      const cell = cells[columns[position] as number];
      if (cell === null) text += '\\N';
      else if (cell === undefined) text += defaultMarker;
      else text += isPlain ? cell : escaped(cell);
    }
    text += '\n';
    const added = text.length - before;
    if (text.length >= blockLength) {
      this.#blocks.push(Buffer.from(text));
      text = '';
    }
    this.#open = text;
    return added;
  }

  /** All lines. Call it after the last `add()`. */
  blocks(): readonly Buffer[] {
    if (this.#open) this.#blocks.push(Buffer.from(this.#open));
    this.#open = '';
    return this.#blocks;
  }

  /** The lines from `from` up to `to`. */
  slice(from: number, to: number): Buffer {
    this.#whole ??= Buffer.concat(this.blocks());
    this.#ends ??= lineEnds(this.#whole);
    return this.#whole.subarray(from === 0 ? 0 : this.#ends[from - 1], this.#ends[to - 1]);
  }
}

/** The ends of the lines. A line break inside a value is escaped, so each newline ends a line. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, end + 1))
    ends.push(end + 1);
  return ends;
}

/**
 * Whether a text has a character that must be escaped. Four searches are faster than one regular expression.
 */
export function isSpecial(text: string): boolean {
  return text.includes('\\') || text.includes('\n') || text.includes('\t') || text.includes('\r');
}

function escaped(text: string): string {
  if (!isSpecial(text)) return text;
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
