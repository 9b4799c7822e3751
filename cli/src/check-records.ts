import { BadLineError } from './bad-line-error.ts';
import type { BadLine } from './bad-row.ts';
import type { Records } from './chunk.ts';

export interface CheckOptions {
  readonly signal: AbortSignal;
  readonly setAside: ((records: Records, record: Buffer, bad: BadLine) => void) | undefined;
  readonly onProgress: (records: number) => void;
}

/**
 * Reads all records without a database: it finds what this side refuses, and no value that the server would refuse.
 *
 * @returns the number of records that would be sent
 */
export async function checkRecords(
  files: readonly Records[],
  { signal, setAside, onProgress }: CheckOptions,
): Promise<number> {
  let rows = 0;
  for (const records of files) {
    for await (const chunk of records.chunks) {
      signal.throwIfAborted();
      for (const { record, line, bad } of chunk.refused) {
        const { column, value, reason } = bad;
        const badLine = { file: chunk.file, line, column, value, reason };
        if (!setAside) throw new BadLineError(badLine, { cause: bad });
        setAside(records, record, badLine);
      }
      rows += chunk.count;
      onProgress(rows);
    }
  }
  return rows;
}
