import type { Records } from '../chunk.ts';
import { isMade, needsJavaScript } from '../column-ways.ts';
import { rejectColumns } from '../match-columns.ts';
import { checked, type LinesOptions, readLines } from './read-lines.ts';

/** Opens bytes with one JSON object per line. */
export function openNdjson(bytes: AsyncIterable<Buffer>, options: LinesOptions): Records {
  return {
    file: options.file,
    chunks: readLines(bytes, options),
    ways: Object.fromEntries(
      options.columns
        .filter(({ isGenerated }) => !isGenerated)
        .map((target) => [
          target.key,
          needsJavaScript(target.column)
            ? 'read in JavaScript for toDriver of its type'
            : `as text${isMade(target) ? ', or made by drizzle for lines without it' : ''}`,
        ]),
    ),
    rejectsHead: '',
    toReject,
  };
}

/** The object unchanged, with two keys added at its start. A record that is no object is kept as text. */
function toReject(record: Buffer, line: number | undefined, reason: string): Buffer {
  const added = JSON.stringify({ [rejectColumns[0]]: line, [rejectColumns[1]]: reason }).slice(1, -1);
  const text = record.toString().trim();
  const own = isObject(text) ? text.slice(1, -1).trim() : `"rejected_text":${JSON.stringify(text)}`;
  return Buffer.from(own === '' ? `{${added}}\n` : `{${added},${own}}\n`);
}

function isObject(text: string): boolean {
  try {
    checked(text);
    return true;
  } catch {
    return false;
  }
}
