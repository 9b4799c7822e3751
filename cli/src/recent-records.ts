import type { Block, Records } from './records.ts';

interface Kept {
  readonly text: string;
  readonly firstLine: number;
  /** The index of its first row among all rows that were handed to `load()`. */
  readonly firstRow: number;
  /** The indexes of the records that became rows; `undefined` while all of them did. */
  rows: number[] | undefined;
  count: number;
}

/**
 * Finds the record of a row as long as the row may still be refused. Only the text of each block is kept. It
 * is parsed again when a record is needed.
 */
export class RecentRecords<TRecord> {
  readonly #records: Records<TRecord>;
  readonly #keptRows: number;
  readonly #blocks: Kept[] = [];

  /** `keptRows` is the maximum number of rows that may still be refused. */
  constructor(records: Records<TRecord>, keptRows: number) {
    this.#records = records;
    this.#keptRows = keptRows;
  }

  /** Begins a block. Call one of the returned functions for each of its records, in order. */
  begin({ text, firstLine }: Block<TRecord>): { became: (index: number) => void; skipped: () => void } {
    const last = this.#blocks.at(-1);
    const firstRow = last === undefined ? 0 : last.firstRow + last.count;
    while (this.#blocks.length > 1 && (this.#blocks[1]?.firstRow ?? 0) < firstRow - this.#keptRows) {
      this.#blocks.shift();
    }
    const kept: Kept = { text, firstLine, firstRow, rows: undefined, count: 0 };
    this.#blocks.push(kept);
    return {
      became(index) {
        kept.count++;
        kept.rows?.push(index);
      },
      skipped() {
        kept.rows ??= Array.from({ length: kept.count }, (_, index) => index);
      },
    };
  }

  /** The record of a row; the row's index counts from 0. */
  find(row: number): { record: TRecord; line: number } | undefined {
    const kept = this.#blocks.findLast(({ firstRow }) => firstRow <= row);
    if (kept === undefined || row >= kept.firstRow + kept.count) return undefined;
    const block = this.#records.parse(kept.text, kept.firstLine);
    const index = kept.rows ? kept.rows[row - kept.firstRow] : row - kept.firstRow;
    const record = block.records[index as number];
    return record === undefined ? undefined : { record, line: block.lineOf(index as number) };
  }
}
