import Papa from 'papaparse';
import { BadRow } from './bad-row.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { type FieldReader, fieldReader } from './field-reader.ts';
import { matchHeader, rejectColumns } from './match-columns.ts';
import { markQuotedEmpties, quotedEmpty } from './quoted-empty.ts';
import { type Block, countNewlines, longestRow, type Records, type Row } from './records.ts';
import type { TargetColumn } from './target-columns.ts';

/** The fields of a line, and the error that papaparse found in it. */
export interface CsvRecord extends Array<string> {
  malformed?: string;
}

export interface CsvOptions {
  readonly delimiter: string;
  readonly columns: readonly TargetColumn[];
}

/** @throws {CommandError} if the header does not fit the table */
export async function openCsv(text: AsyncIterable<string>, options: CsvOptions): Promise<Records<CsvRecord>> {
  const pieces = text[Symbol.asyncIterator]();
  return new CsvRecords(await readHead(pieces, options), pieces, options);
}

interface Head {
  readonly header: string[];
  /** The text that was read after the header. */
  readonly rest: string;
  /** The line of the first record. */
  readonly line: number;
  readonly newline: '\n' | '\r\n';
}

async function readHead(pieces: AsyncIterator<string>, { delimiter }: CsvOptions): Promise<Head> {
  let text = '';
  for (;;) {
    const piece = await pieces.next();
    if (!piece.done) text += piece.value;
    const newline = /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
    // Not in fast mode: there the cursor is after the row that follows the header.
    const parser = new Papa.Parser({ delimiter, newline, preview: 1, fastMode: false });
    const { data, meta } = parser.parse(text, 0, !piece.done);
    if (data[0] && text !== '') {
      const line = countNewlines(text, meta.cursor) + 1;
      return { header: data[0], rest: text.slice(meta.cursor), line, newline };
    }
    if (piece.done) throw new CommandError('the source is empty: its first line must name the columns');
    if (text.length > longestRow)
      throw new CommandError('the header does not end: is a quote left open in it?');
  }
}

class CsvRecords implements Records<CsvRecord> {
  readonly rejectsHead: string;
  readonly blocks: AsyncIterable<Block<CsvRecord>>;
  readonly #delimiter: string;
  readonly #newline: string;
  readonly #parser: Papa.Parser;
  readonly #readers: readonly (FieldReader | undefined)[];

  constructor(
    { header, rest, line, newline }: Head,
    pieces: AsyncIterator<string>,
    { delimiter, columns }: CsvOptions,
  ) {
    this.#delimiter = delimiter;
    this.#newline = newline;
    this.#parser = new Papa.Parser({ delimiter, newline });
    this.#readers = matchHeader(header, columns).map((column) => column && fieldReader(column));
    this.rejectsHead = this.#write([...rejectColumns, ...this.#own(header)]);
    this.blocks = this.#readBlocks(pieces, rest, line);
  }

  async *#readBlocks(
    pieces: AsyncIterator<string>,
    rest: string,
    firstLine: number,
  ): AsyncGenerator<Block<CsvRecord>> {
    let text = rest;
    let line = firstLine;
    for (;;) {
      const piece = await pieces.next();
      const isAll = piece.done === true;
      text = markQuotedEmpties(isAll ? text : text + piece.value, this.#delimiter, isAll);
      const { block, end } = this.#parseSome(text, line, isAll);
      yield block;
      if (isAll) return;
      line += countNewlines(text, end);
      text = text.slice(end);
      if (text.length > longestRow) throw new CommandError(endless(line), exitCodes.failed);
    }
  }

  parse(text: string, firstLine: number): Block<CsvRecord> {
    return this.#parseSome(text, firstLine, true).block;
  }

  /** The complete records in the text, and the position where the last one ends. */
  #parseSome(text: string, firstLine: number, isAll: boolean): { block: Block<CsvRecord>; end: number } {
    const { data, errors, meta } = this.#parser.parse(text, 0, !isAll);
    for (const { row, message } of errors) {
      if (data[row]) data[row].malformed = message;
    }
    if (this.#newline === '\n' && text.includes('\r\n')) data.forEach(refuseReturn);
    // After the last newline papaparse finds one more, empty record.
    if (isAll && text.endsWith('\n') && isBlank(data.at(-1))) data.pop();
    return { block: new CsvBlock(text.slice(0, meta.cursor), firstLine, data), end: meta.cursor };
  }

  toRow(record: CsvRecord): Row | undefined {
    const readers = this.#readers;
    if (record.malformed !== undefined) throw new BadRow(record.malformed);
    if (record.length !== readers.length) {
      if (isBlank(record)) return undefined;
      throw new BadRow(`has ${record.length} fields, and the header ${readers.length}`);
    }
    const row: Row = {};
    for (let index = 0; index < readers.length; index++) {
      const reader = readers[index];
      if (reader === undefined) continue;
      const field = record[index] as string;
      row[reader.key] = reader.read(field === '' ? null : field === quotedEmpty ? '' : field);
    }
    return row;
  }

  toReject(record: CsvRecord, line: number | undefined, reason: string): string {
    return this.#write([String(line ?? ''), reason, ...this.#own(record)]);
  }

  /** Drops the two columns that an earlier rejection added. They are the only columns without a reader. */
  #own(fields: readonly string[]): string[] {
    return fields.filter((_, index) => index >= this.#readers.length || this.#readers[index] !== undefined);
  }

  #write(fields: readonly string[]): string {
    const needsQuotes = (field: string) => /["\r\n]/.test(field) || field.includes(this.#delimiter);
    const written = fields.map((field) => {
      if (field === quotedEmpty) return '""';
      return needsQuotes(field) ? `"${field.replaceAll('"', '""')}"` : field;
    });
    return written.join(this.#delimiter) + this.#newline;
  }
}

function isBlank(record: CsvRecord | undefined): boolean {
  return record?.length === 1 && record[0] === '' && record.malformed === undefined;
}

/** Otherwise the carriage return would become part of the last field. */
function refuseReturn(record: CsvRecord): void {
  if (record.at(-1)?.endsWith('\r')) record.malformed = 'ends with CR LF, and the header with LF';
}

function endless(line: number): string {
  return `line ${line}: the row does not end within 16 MiB: is a quote left open?`;
}

class CsvBlock implements Block<CsvRecord> {
  #lines: number[] | undefined;

  constructor(
    readonly text: string,
    readonly firstLine: number,
    readonly records: readonly CsvRecord[],
  ) {}

  lineOf(index: number): number {
    this.#lines ??= this.#countLines();
    return this.#lines[index] as number;
  }

  #countLines(): number[] {
    let line = this.firstLine;
    return this.records.map((record) => {
      const own = line;
      line += 1 + record.reduce((sum, field) => sum + countNewlines(field), 0);
      return own;
    });
  }
}
