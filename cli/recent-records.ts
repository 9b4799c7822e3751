import type { Block, Records } from './records.ts';

interface Kept {
  readonly text: string;
  readonly firstLine: number;
  /** The index of its first row among the rows that were handed over. */
  readonly firstRow: number;
  /** Which of its records became rows, where not all of them did. */
  rows: number[] | undefined;
  count: number;
}

/**
 * Finds the record that a row came from, while the row may still be refused. What is kept of a record is the text of
 * its block, which is parsed once more when one is asked for.
 */
export class RecentRecords<TRecord> {
  readonly #records: Records<TRecord>;
  readonly #keptRows: number;
  readonly #blocks: Kept[] = [];

  /** `keptRows` is how many rows, at the most, may still be refused. */
  constructor(records: Records<TRecord>, keptRows: number) {
    this.#records = records;
    this.#keptRows = keptRows;
  }

  /** Begins a block; the functions it returns are told what became of its records, one after the other. */
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

  /** The record of a row, by the row's index from 0. */
  find(row: number): { record: TRecord; line: number } | undefined {
    const kept = this.#blocks.findLast(({ firstRow }) => firstRow <= row);
    if (kept === undefined || row >= kept.firstRow + kept.count) return undefined;
    const block = this.#records.parse(kept.text, kept.firstLine);
    const index = kept.rows ? kept.rows[row - kept.firstRow] : row - kept.firstRow;
    const record = block.records[index as number];
    return record === undefined ? undefined : { record, line: block.lineOf(index as number) };
  }
}
