import type { BadLine } from '../bad-row.ts';
import type { Chunk } from '../chunk.ts';
import type { TargetColumn } from '../target-columns.ts';
import { type CopyPlace, classesOfNoRow, columnOfKey, placeIn } from './refused-row.ts';

/** What postgres.js keeps of an error of the server. */
export interface ServerError extends Error {
  readonly code: string;
  readonly detail?: string;
  readonly where?: string;
  readonly routine?: string;
  readonly column_name?: string;
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === 'PostgresError';
}

export function placeOf({ where }: ServerError, relation: string): CopyPlace | undefined {
  return placeIn(where, relation);
}

/** Whether every row would be refused for the same reason. */
export function isHopeless(error: ServerError, relation: string): boolean {
  const { code, routine } = error;
  // The refusal of a row by a policy has the code of a missing privilege.
  if (routine === 'ExecWithCheckOptions') return false;
  // Text with a syntax of its own, such as a tsquery, is refused by a code of class 42.
  return classesOfNoRow.test(code) && !(code.startsWith('42') && placeOf(error, relation) !== undefined);
}

/** Names file, line, column, value and reason of a record that the server refuses. */
export function describeRefusal(chunk: Chunk, index: number, error: ServerError, place?: CopyPlace): BadLine {
  const name = place?.column ?? error.column_name ?? columnOfKey(error.detail);
  const column = chunk.columns.find((each) => each.name === name);
  const value = column && chunk.valueOf(index, column);
  return {
    file: chunk.file,
    line: chunk.lineOf(index),
    column: column?.key,
    value,
    reason: (value === undefined ? '' : 'is refused: ') + reasonOf(error, column, value),
  };
}

function reasonOf(error: ServerError, column: TargetColumn | undefined, value: string | undefined): string {
  const { code, message, detail } = error;
  if (code === '23502' && column && value === undefined) return 'is NULL, and the column is not null';
  const remedy = remedyFor(error);
  return [message, ...(detail === undefined ? [] : [`: ${detail}`]), ...(remedy ? [`; ${remedy}`] : [])].join(
    '',
  );
}

function remedyFor({ code, message, routine }: ServerError): string | undefined {
  if (code === '22021') {
    return / 0x00$/.test(message)
      ? "PostgreSQL has no text with a NUL; remove them: tr -d '\\0'"
      : 'name the encoding of the file, like --encoding LATIN1';
  }
  if (code === '22P04' && /^CopyReadLine/.test(routine ?? ''))
    return 'its line ends are not those of the first line; make them alike (dos2unix), or quote the field';
  if (code === '22008' || code === '22007') return 'the order of day and month is that of --date-style';
  return undefined;
}
