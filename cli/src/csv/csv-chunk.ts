import type { Chunk, RefusedRecord } from '../chunk.ts';
import type { TargetColumn } from '../target-columns.ts';
import type { CsvData } from './data.ts';
import { bytesOf, type CsvDialect, copyOptions, decoderOf } from './dialect.ts';
import { countByte, type LineEnd, newlineBytes } from './scan.ts';
import { splitFields, unquoted } from './split-fields.ts';

/** What all chunks of a file share. */
export interface CsvChunkFormat {
  readonly file: string;
  readonly dialect: CsvDialect;
  readonly lineEnd: LineEnd;
  readonly columns: readonly TargetColumn[];
}

export interface CsvChunkRecords {
  /** The records of the file. */
  readonly source: CsvData;
  /** The line of the first of them. */
  readonly firstLine: number;
  /** The records that are sent: those of the file, or what was made of them. */
  readonly sent: CsvData;
  /** The index in the source of each record that is sent; `undefined` if they are the same. */
  readonly places: readonly number[] | undefined;
  readonly refused: readonly RefusedRecord[];
}

export class CsvChunk implements Chunk {
  readonly file: string;
  readonly columns: readonly TargetColumn[];
  readonly options: string;
  readonly #format: CsvChunkFormat;
  readonly #records: CsvChunkRecords;

  constructor(format: CsvChunkFormat, records: CsvChunkRecords) {
    this.file = format.file;
    this.columns = format.columns;
    this.options = copyOptions(format.dialect);
    this.#format = format;
    this.#records = records;
  }

  get count(): number {
    return this.#records.sent.ends.length;
  }

  get records(): number {
    return this.#records.source.ends.length;
  }

  get refused(): readonly RefusedRecord[] {
    return this.#records.refused;
  }

  bytes(from: number, to: number): readonly Uint8Array[] {
    return this.#records.sent.pieces(from, to);
  }

  recordAt(line: number, from: number, to: number): number | undefined {
    return this.#records.sent.recordAt(line, from, to);
  }

  lineOf(index: number): number {
    const { source, firstLine } = this.#records;
    const { editor } = newlineBytes(this.#format.lineEnd);
    return firstLine + countByte(source.bytes, editor, 0, source.startOf(this.#placeOf(index)));
  }

  valueOf(index: number, column: TargetColumn): string | undefined {
    const { dialect } = this.#format;
    const bytes = bytesOf(dialect);
    const record = this.#records.sent.record(index);
    const field = splitFields(record, bytes)[this.columns.indexOf(column)];
    if (field === undefined) return undefined;
    const text = decoderOf(dialect.encoding, false).decode(unquoted(record, field, bytes));
    return !field.isQuoted && text === dialect.nullText ? undefined : text;
  }

  recordOf(index: number): Buffer {
    return this.#records.source.record(this.#placeOf(index));
  }

  #placeOf(index: number): number {
    return this.#records.places?.[index] ?? index;
  }
}
