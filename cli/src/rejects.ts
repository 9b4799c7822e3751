import { closeSync, existsSync, openSync, realpathSync, writeSync } from 'node:fs';
import { type BadLine, describeBadLine, describeReason } from './bad-row.ts';
import { CommandError } from './command-error.ts';
import type { Records } from './records.ts';

/** Receives the records that were not written. */
export interface Rejects<TRecord> {
  readonly count: number;
  add(record: TRecord | undefined, bad: BadLine): void;
  close(): void;
}

const shownRejects = 10;

/** Writes records to a file, which is emptied first, and shows the first few by `show`. */
export function openRejects<TRecord>(
  path: string | undefined,
  source: string | undefined,
  records: Records<TRecord>,
  show: (message: string) => void,
): Rejects<TRecord> {
  if (path !== undefined && source !== undefined && areSame(path, source))
    throw new CommandError(`--rejects ${path}: is the file that is loaded`);
  const file = path === undefined ? undefined : openForWriting(path);
  if (file !== undefined) writeSync(file, records.rejectsHead);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(record, bad) {
      count++;
      if (count <= shownRejects) show(`rejected: ${describeBadLine(bad)}`);
      if (count === shownRejects + 1) show('rejected: more of them, not shown');
      if (file === undefined || record === undefined) return;
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
