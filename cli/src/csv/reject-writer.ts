import { rejectColumns } from '../match-columns.ts';
import { bytesOf, type CsvDialect, quoted } from './dialect.ts';
import type { LineEnd } from './scan.ts';
import { splitFields } from './split-fields.ts';

/** Writes rejected records as they stand in the file, behind the two columns of a rejects file. */
export class RejectWriter {
  readonly #dialect: CsvDialect;
  readonly #lineEnd: LineEnd;
  /** By field of the file: whether it is a column of the table. */
  readonly #isKept: readonly boolean[];

  constructor(dialect: CsvDialect, lineEnd: LineEnd, isKept: readonly boolean[]) {
    this.#dialect = dialect;
    this.#lineEnd = lineEnd;
    this.#isKept = isKept;
  }

  head(names: readonly string[]): string {
    return (
      this.#write([...rejectColumns, ...names.filter((_, index) => this.#isKept[index])]) + this.#lineEnd
    );
  }

  record(record: Buffer, line: number | undefined, reason: string): Buffer {
    // The reason must not add characters that the encoding of the file writes otherwise.
    const shown = this.#dialect.encoding === undefined ? reason : reason.replaceAll(/[^\x20-\x7e]/g, '?');
    const added = this.#write([String(line ?? ''), shown]) + this.#dialect.delimiter;
    return Buffer.concat([Buffer.from(added), this.#own(record), Buffer.from(this.#lineEnd)]);
  }

  /** Without fields that are no column, as those that an earlier rejection added. */
  #own(record: Buffer): Buffer {
    if (this.#isKept.every((isKept) => isKept)) return record;
    const delimiter = Buffer.from(this.#dialect.delimiter);
    const kept = splitFields(record, bytesOf(this.#dialect))
      .filter((_, index) => this.#isKept[index] ?? true)
      .flatMap(({ from, to }) => [delimiter, record.subarray(from, to)]);
    return Buffer.concat(kept.slice(1));
  }

  #write(fields: readonly string[]): string {
    const { delimiter, quote } = this.#dialect;
    const isSpecial = (field: string) =>
      /[\r\n]/.test(field) || field.includes(quote) || field.includes(delimiter);
    const written = fields.map((field) => (isSpecial(field) ? quoted(field, this.#dialect) : field));
    return written.join(delimiter);
  }
}
