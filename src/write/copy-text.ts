/** Rows → the text format of COPY. */

/** `undefined` where the row leaves the column to the database, `null` for NULL. */
export type TextCell = string | null | undefined;

/** What stands for the database's default; no value looks like it, as its backslash would be doubled. */
export const defaultMarker = '\\D';

/** Enough for one write to keep the wire busy; a longer string takes longer to flatten, for nothing. */
const blockLength = 64 * 1024;

const newline = 10;

/** Lines of COPY, in blocks of bytes. */
export class CopyText {
  readonly #blocks: Buffer[] = [];
  #open = '';
  /** The bytes in one, and where each line ends, made only when a part of them is sent. */
  #whole: Buffer | undefined;
  #ends: number[] | undefined;

  /**
   * Adds a line.
   *
   * @param columns which of the cells, by index
   * @param isPlain none of the cells has a character that must be escaped
   * @returns how many characters it has, more or less
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

  /** All lines; none is added behind them. */
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

/** A line break in a value is escaped, so that each one ends a line. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, end + 1))
    ends.push(end + 1);
  return ends;
}

/** Whether a text has a character that must be escaped; four searches are faster than one by a regular expression. */
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
