/** Some records of a source that were parsed together. */
export interface Block<TRecord = unknown> {
  /** The text that they were parsed from. */
  readonly text: string;
  readonly firstLine: number;
  readonly records: readonly TRecord[];
  /** The line on which a record begins. */
  lineOf(index: number): number;
}

/** A row of the type `$inferInsert`. */
export type Row = Record<string, unknown>;

/** The records of a source in CSV or in lines of JSON. */
export interface Records<TRecord = unknown> {
  readonly blocks: AsyncIterable<Block<TRecord>>;
  /** Parses the text of a block again, since its records are not kept. */
  parse(text: string, firstLine: number): Block<TRecord>;
  /** Returns nothing for a blank line. Throws a {@link BadRow} for a record that can't become a row. */
  toRow(record: TRecord): Row | undefined;
  /** The first line of a file of rejected records; empty for lines of JSON. */
  readonly rejectsHead: string;
  toReject(record: TRecord, line: number | undefined, reason: string): string;
}

/** A longer row is treated as a quote that was left open. */
export const longestRow = 16 * 1024 * 1024;

export function countNewlines(text: string, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
