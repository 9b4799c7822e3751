/** Rows → the text format of COPY. */
import type { Run } from './chunk.ts';

/** What stands for the database's default; no value looks like it, as its backslash would be doubled. */
export const defaultMarker = '\\D';

/** Enough for one write to keep the wire busy; a longer string takes longer to flatten, for nothing. */
const blockLength = 64 * 1024;

/**
 * The rows from `from` up to `to` as blocks of bytes.
 *
 * @example
 * copyBlocks(run, 0, 2) // Ada\t36\n\\N\t\\D\n
 */
export function copyBlocks(
  { columns, cells }: Pick<Run, 'columns' | 'cells'>,
  from: number,
  to: number,
): Buffer[] {
  const width = columns.length;
  const end = to * width;
  const blocks: Buffer[] = [];
  let block = '';
  for (let start = from * width; start < end; start += width) {
    for (let position = 0; position < width; position++) {
      if (position > 0) block += '\t';
      const text = cells[start + position];
      if (text === null) block += '\\N';
      else if (text === undefined) block += defaultMarker;
      else block += special.test(text) ? escaped(text) : text;
    }
    block += '\n';
    if (block.length >= blockLength) {
      blocks.push(Buffer.from(block));
      block = '';
    }
  }
  if (block) blocks.push(Buffer.from(block));
  return blocks;
}

const special = /[\\\n\r\t]/;

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
