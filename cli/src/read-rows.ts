import { BadRow } from './bad-row.ts';
import type { RecentRecords } from './recent-records.ts';
import type { Block, Records, Row } from './records.ts';

/** Handles a record that can't become a row. If it throws, the load ends. */
export type OnBadRecord<TRecord> = (record: TRecord, line: number, bad: BadRow) => void;

/**
 * The rows of a source, in order. A row that is already parsed is returned without a promise. `load()` and
 * `for await` accept that too, and it saves one wait per row.
 */
export interface Rows extends AsyncIterable<Row> {
  next(): IteratorResult<Row, undefined> | Promise<IteratorResult<Row, undefined>>;
}

export function readRows<TRecord>(
  records: Records<TRecord>,
  recent: RecentRecords<TRecord>,
  onBad: OnBadRecord<TRecord>,
): Rows {
  const blocks = records.blocks[Symbol.asyncIterator]();
  let block: Block<TRecord> | undefined;
  let fate: ReturnType<typeof recent.begin>;
  let index = 0;

  const nextOfBlock = (): Row | undefined => {
    while (block && index < block.records.length) {
      const record = block.records[index] as TRecord;
      const row = toRow(block, record);
      if (row === undefined) fate.skipped();
      else fate.became(index);
      index++;
      if (row !== undefined) return row;
    }
    return undefined;
  };
  const toRow = (from: Block<TRecord>, record: TRecord): Row | undefined => {
    try {
      return records.toRow(record);
    } catch (bad) {
      if (!(bad instanceof BadRow)) throw bad;
      onBad(record, from.lineOf(index), bad);
      return undefined;
    }
  };
  const nextOfNextBlock = async (): Promise<IteratorResult<Row, undefined>> => {
    for (;;) {
      const next = await blocks.next();
      if (next.done) return { done: true, value: undefined };
      block = next.value;
      fate = recent.begin(block);
      index = 0;
      const value = nextOfBlock();
      if (value !== undefined) return { done: false, value };
    }
  };
  const rows = {
    next() {
      const value = nextOfBlock();
      return value === undefined ? nextOfNextBlock() : { done: false as const, value };
    },
    async return() {
      await blocks.return?.();
      return { done: true as const, value: undefined };
    },
    [Symbol.asyncIterator]: () => rows as AsyncIterator<Row>,
  };
  return rows;
}
