import { BadRow } from '../bad-row.ts';
import type { Chunk, ChunkLimit, RefusedRecord } from '../chunk.ts';
import { isMade, makeText } from '../column-ways.ts';
import { CsvChunk } from '../csv/csv-chunk.ts';
import { CsvData } from '../csv/data.ts';
import { type CsvDialect, quoted } from '../csv/dialect.ts';
import { type Batch, readBatches, smallBatch } from '../csv/read-batches.ts';
import { findColumn, isRejectColumn } from '../match-columns.ts';
import type { TableFacts } from '../table-facts.ts';
import type { TargetColumn } from '../target-columns.ts';
import { membersOf } from './json-members.ts';
import { jsonText } from './json-text.ts';

export interface LinesOptions {
  readonly file: string;
  readonly columns: readonly TargetColumn[];
  readonly limit: ChunkLimit;
  readonly ignoreUnknown: boolean;
  /** What is known when the first line is read. */
  readonly server: { readonly facts: TableFacts };
}

/** The values of a line, by column. */
type Line = Map<TargetColumn, string | null>;

/** Nothing is special but the line end. */
const noQuotes = { delimiter: -1, quote: -1, escape: -1 };
const ownDialect: CsvDialect = { delimiter: ',', quote: '"', escape: '"', nullText: '', encoding: undefined };
const defaultText = '\\D';

/** The chunks of a file with one JSON object per line. */
export async function* readLines(bytes: AsyncIterable<Buffer>, options: LinesOptions): AsyncGenerator<Chunk> {
  const reader = new LineReader(options);
  const { limit } = options;
  const batches = readBatches(bytes, {
    bytes: noQuotes,
    lineEnd: '\n',
    firstLine: 1,
    limit,
    size: smallBatch,
  });
  for await (const batch of batches) {
    for (let from = 0; from < batch.ends.length; ) {
      const to = from + limit.take(batch.ends.length - from);
      while (from < to) {
        const read = reader.read(batch, from, to);
        yield read.chunk;
        from = read.to;
      }
    }
  }
}

class LineReader {
  readonly #options: LinesOptions;
  readonly #allowed: readonly TargetColumn[];
  readonly #made: readonly TargetColumn[];
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#allowed = options.columns.filter(({ isGenerated }) => !isGenerated);
    this.#made = this.#allowed.filter(isMade);
  }

  /** The records from `from` on that can be sent together, at most until `to`. */
  read(batch: Batch, from: number, to: number): { readonly chunk: Chunk; readonly to: number } {
    const { file, server } = this.#options;
    const { facts } = server;
    const start = from === 0 ? 0 : (batch.ends[from - 1] as number);
    const lines: Line[] = [];
    const places: number[] = [];
    const refused: RefusedRecord[] = [];
    let end = from;
    for (; end < to; end++) {
      const record = batch.bytes.subarray(end === 0 ? 0 : batch.ends[end - 1], batch.ends[end]);
      try {
        const line = this.#read(record);
        if (line === undefined) continue;
        // Without a text for the default, lines that want other defaults are another chunk.
        if (!facts.hasDefaultText && lines[0] && !wantSameDefaults(lines[0], line, facts)) break;
        lines.push(line);
        places.push(end - from);
      } catch (bad) {
        if (!(bad instanceof BadRow)) throw bad;
        refused.push({ record: withoutEnd(record), line: batch.firstLine + end, bad });
      }
    }
    const columns = this.#allowed.filter((column) => lines.some((line) => line.has(column)));
    const source = new CsvData(
      batch.bytes.subarray(start, batch.ends[end - 1]),
      batch.ends.slice(from, end).map((position) => position - start),
      '\n',
    );
    const dialect = facts.hasDefaultText ? { ...ownDialect, defaultText } : ownDialect;
    const format = { file, dialect, lineEnd: '\n' as const, columns };
    const sent = dataOf(lines, columns, facts);
    const firstLine = batch.firstLine + from;
    return { chunk: new CsvChunk(format, { source, firstLine, sent, places, refused }), to: end };
  }

  /** @returns nothing for a blank line */
  #read(record: Buffer): Line | undefined {
    let text: string;
    try {
      text = this.#decoder.decode(record);
    } catch {
      throw new BadRow('the bytes are not UTF-8; convert the file by iconv -t UTF-8');
    }
    if (text.trim() === '') return undefined;
    const line: Line = new Map();
    for (const { key, raw } of membersOf(checked(text))) {
      const column = this.#columnOf(key);
      if (column === undefined) continue;
      if (line.has(column)) throw new BadRow('is there twice', column.key);
      line.set(column, jsonText(column, raw));
    }
    for (const column of this.#made) if (!line.has(column)) line.set(column, makeText(column));
    for (const column of this.#allowed) {
      if (column.isRequired && !line.has(column))
        throw new BadRow('is missing: not null, and without a default', column.key);
    }
    if (line.size === 0) throw new BadRow('has no column of the table');
    return line;
  }

  #columnOf(name: string): TargetColumn | undefined {
    const column = findColumn(this.#allowed, name);
    if (column || isRejectColumn(name) || this.#options.ignoreUnknown) return column;
    throw new BadRow(`is no column; allowed: ${this.#allowed.map(({ key }) => key).join(', ')}`, name);
  }
}

function wantSameDefaults(one: Line, other: Line, { defaulted }: TableFacts): boolean {
  const lacks = (line: Line, wanted: Line) =>
    [...wanted.keys()].some((column) => defaulted.has(column.name) && !line.has(column));
  return !lacks(one, other) && !lacks(other, one);
}

function withoutEnd(record: Buffer): Buffer {
  return record.at(-1) === 0x0a ? record.subarray(0, -1) : record;
}

function dataOf(
  lines: readonly Line[],
  columns: readonly TargetColumn[],
  { defaulted }: TableFacts,
): CsvData {
  const ends: number[] = [];
  let length = 0;
  const texts = lines.map((line) => {
    const fields = columns.map((column) => {
      const text = line.get(column);
      if (text === undefined && defaulted.has(column.name)) return defaultText;
      return text === undefined || text === null ? '' : quoted(text, ownDialect);
    });
    const text = `${fields.join(',')}\n`;
    length += Buffer.byteLength(text);
    ends.push(length);
    return text;
  });
  return new CsvData(Buffer.from(texts.join('')), ends, '\n');
}

/** @throws {BadRow} for text that is no JSON object */
export function checked(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadRow(`is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRow('is not an object');
  return text;
}
