/** Some records of a source, parsed together. */
export interface Block<TRecord = unknown> {
  /** What they were parsed from. */
  readonly text: string;
  readonly firstLine: number;
  readonly records: readonly TRecord[];
  /** The line on which a record begins. */
  lineOf(index: number): number;
}

/** A row as `$inferInsert` has it. */
export type Row = Record<string, unknown>;

/** A source as CSV or lines of JSON. */
export interface Records<TRecord = unknown> {
  readonly blocks: AsyncIterable<Block<TRecord>>;
  /** Parses the text of a block once more, which is not kept as records. */
  parse(text: string, firstLine: number): Block<TRecord>;
  /** Nothing for a blank line; throws a {@link BadRow} for a record that can't become a row. */
  toRow(record: TRecord): Row | undefined;
  /** What a file of rejected records begins with. */
  readonly rejectsHead: string;
  toReject(record: TRecord, line: number | undefined, reason: string): string;
}

/** A row longer than this is a quote that nobody has closed. */
export const longestRow = 16 * 1024 * 1024;

export function countNewlines(text: string, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
