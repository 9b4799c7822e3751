import { BadRow } from './bad-row.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { type FieldReader, jsonReader } from './field-reader.ts';
import { findColumn, isRejectColumn, rejectColumns } from './match-columns.ts';
import { type Block, longestRow, type Records, type Row } from './records.ts';
import type { TargetColumn } from './target-columns.ts';

/** Opens text with one JSON object per line. */
export function openNdjson(text: AsyncIterable<string>, columns: readonly TargetColumn[]): Records<string> {
  return new NdjsonRecords(text, columns);
}

class NdjsonRecords implements Records<string> {
  readonly rejectsHead = '';
  readonly blocks: AsyncIterable<Block<string>>;
  readonly #columns: readonly TargetColumn[];
  readonly #required: readonly TargetColumn[];
  readonly #readers = new Map<string, FieldReader>();

  constructor(text: AsyncIterable<string>, columns: readonly TargetColumn[]) {
    this.blocks = this.#readBlocks(text);
    this.#columns = columns.filter(({ isGenerated }) => !isGenerated);
    this.#required = columns.filter(({ isRequired }) => isRequired);
  }

  async *#readBlocks(pieces: AsyncIterable<string>): AsyncGenerator<Block<string>> {
    let rest = '';
    let line = 1;
    for await (const piece of pieces) {
      const text = rest + piece;
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (rest.length > longestRow) {
        throw new CommandError(`line ${line}: does not end within 16 MiB`, exitCodes.failed);
      }
      if (end === 0) continue;
      const block = this.parse(text.slice(0, end), line);
      line += block.records.length;
      yield block;
    }
    if (rest !== '') yield this.parse(rest, line);
  }

  parse(text: string, firstLine: number): Block<string> {
    const records = text.split('\n');
    if (records.at(-1) === '') records.pop();
    return { text, firstLine, records, lineOf: (index) => firstLine + index };
  }

  toRow(record: string): Row | undefined {
    if (record.trim() === '') return undefined;
    const row: Row = {};
    for (const [name, value] of Object.entries(parseObject(record))) {
      if (isRejectColumn(name) && !findColumn(this.#columns, name)) continue;
      const reader = this.#reader(name);
      if (reader.key in row) throw new BadRow('is there twice', reader.key);
      row[reader.key] = reader.read(value);
    }
    for (const { key } of this.#required) {
      if (!(key in row)) throw new BadRow('is missing: not null, and without a default', key);
    }
    return row;
  }

  #reader(name: string): FieldReader {
    const known = this.#readers.get(name);
    if (known) return known;
    const column = findColumn(this.#columns, name);
    if (!column) {
      throw new BadRow(`is no column; allowed: ${this.#columns.map(({ key }) => key).join(', ')}`, name);
    }
    const reader = jsonReader(column);
    this.#readers.set(name, reader);
    return reader;
  }

  /** The object unchanged, with two keys added at its start. A record that is no object is kept as text. */
  toReject(record: string, line: number | undefined, reason: string): string {
    const added = JSON.stringify({ [rejectColumns[0]]: line, [rejectColumns[1]]: reason }).slice(1, -1);
    const own = isObject(record)
      ? record.trim().slice(1, -1).trim()
      : `"rejected_text":${JSON.stringify(record)}`;
    return own === '' ? `{${added}}\n` : `{${added},${own}}\n`;
  }
}

function parseObject(record: string): object {
  let value: unknown;
  try {
    value = JSON.parse(record);
  } catch (cause) {
    throw new BadRow(`is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRow('is not an object');
  return value;
}

function isObject(record: string): boolean {
  try {
    parseObject(record);
    return true;
  } catch {
    return false;
  }
}
