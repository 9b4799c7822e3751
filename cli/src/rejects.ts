import { closeSync, existsSync, openSync, realpathSync, writeSync } from 'node:fs';
import { type BadLine, describeBadLine, describeReason } from './bad-row.ts';
import type { Records } from './chunk.ts';
import { CommandError } from './command-error.ts';

/** Receives the records that were not written. */
export interface Rejects {
  readonly count: number;
  /** Adds a record of one of the files. */
  add(records: Records, record: Buffer, bad: BadLine): void;
  close(): void;
}

const shownRejects = 10;

/** Writes records to a file, which is emptied first, and shows the first few by `show`. */
export function openRejects(
  path: string | undefined,
  files: readonly Records[],
  show: (message: string) => void,
): Rejects {
  if (path !== undefined && files.some(({ file }) => areSame(path, file)))
    throw new CommandError(`--rejects ${path}: is the file that is loaded`);
  const [head, ...others] = new Set(files.map(({ rejectsHead }) => rejectsHead));
  if (path !== undefined && others.length > 0)
    throw new CommandError(`--rejects ${path}: the files have other headers; load them one by one`);
  const file = path === undefined ? undefined : openForWriting(path);
  if (file !== undefined) writeSync(file, head ?? '');
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(records, record, bad) {
      count++;
      if (count <= shownRejects) show(`rejected: ${describeBadLine(bad)}`);
      if (count === shownRejects + 1) show('rejected: more of them, not shown');
      if (file === undefined) return;
      const column = bad.column === undefined ? '' : `column "${bad.column}": `;
      writeSync(file, records.toReject(record, bad.line, column + describeReason(bad)));
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

function areSame(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && realpathSync(one) === realpathSync(other);
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new CommandError(`--rejects ${path}: ${(cause as Error).message}`, undefined, { cause });
  }
}
