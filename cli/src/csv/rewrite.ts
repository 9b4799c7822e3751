/** Records of which some columns need JavaScript: these fields are made anew, all others keep their bytes. */
import { isUtf8 } from 'node:buffer';
import type { TextDecoder } from 'node:util';
import { BadRow } from '../bad-row.ts';
import { makeText, mapText } from '../column-ways.ts';
import type { TargetColumn } from '../target-columns.ts';
import { lineEndLength } from './data.ts';
import {
  bytesOf,
  type CsvDialect,
  type DialectBytes,
  decoderOf,
  describeEncoding,
  quoted,
} from './dialect.ts';
import type { LineEnd } from './scan.ts';
import { type Field, splitFields, unquoted } from './split-fields.ts';

/** What becomes of a field. */
export interface FieldPlan {
  readonly column: TargetColumn;
  /** A custom type must see the value. */
  readonly isMapped: boolean;
}

export interface RewritePlan {
  /** By field of the file; `undefined` for a field that is left out. */
  readonly fields: readonly (FieldPlan | undefined)[];
  /** Columns that the file lacks, whose values drizzle makes. */
  readonly made: readonly TargetColumn[];
}

export class Rewriter {
  readonly #plan: RewritePlan;
  readonly #dialect: CsvDialect;
  readonly #bytes: DialectBytes;
  readonly #lineEnd: LineEnd;
  readonly #delimiter: Buffer;
  readonly #decoder: TextDecoder;

  constructor(plan: RewritePlan, dialect: CsvDialect, lineEnd: LineEnd) {
    this.#plan = plan;
    this.#dialect = dialect;
    this.#bytes = bytesOf(dialect);
    this.#lineEnd = lineEnd;
    this.#delimiter = Buffer.from(dialect.delimiter);
    this.#decoder = decoderOf(dialect.encoding);
  }

  /** @throws {BadRow} if the record has another number of fields than the header, or a value that does not fit */
  rewrite(record: Buffer): Buffer {
    const end = record.length - lineEndLength(record, this.#lineEnd);
    const body = this.#inUtf8(record.subarray(0, end));
    const fields = splitFields(body, this.#bytes);
    const { fields: plans, made } = this.#plan;
    if (fields.length !== plans.length) throw new BadRow(describeCount(fields.length, plans.length));
    const parts: Buffer[] = [];
    for (const [index, plan] of plans.entries()) {
      if (plan === undefined) continue;
      const field = fields[index] as Field;
      parts.push(
        plan.isMapped ? this.#mapped(body, field, plan.column) : body.subarray(field.from, field.to),
        this.#delimiter,
      );
    }
    for (const column of made) parts.push(this.#field(makeText(column)), this.#delimiter);
    parts.pop();
    return Buffer.concat([
      ...parts,
      end === record.length ? Buffer.from(this.#lineEnd) : record.subarray(end),
    ]);
  }

  #mapped(body: Buffer, field: Field, column: TargetColumn): Buffer {
    const bytes = unquoted(body, field, this.#bytes);
    const text = isUtf8(bytes) ? bytes.toString() : undefined;
    if (text === undefined) throw new BadRow(describeEncoding(undefined), column.key);
    if (!field.isQuoted && /[\r\n]/.test(text))
      throw new BadRow('has another line end than the file', column.key);
    const isNull = !field.isQuoted && text === this.#dialect.nullText;
    return this.#field(isNull ? null : mapText(column, text));
  }

  #inUtf8(record: Buffer): Buffer {
    const { encoding } = this.#dialect;
    if (encoding === undefined) return record;
    try {
      return Buffer.from(this.#decoder.decode(record));
    } catch {
      throw new BadRow(describeEncoding(encoding));
    }
  }

  #field(text: string | null): Buffer {
    return Buffer.from(text === null ? this.#dialect.nullText : quoted(text, this.#dialect));
  }
}

export function describeCount(fields: number, wanted: number): string {
  return `has ${fields === 1 ? '1 field' : `${fields} fields`}, and the header ${wanted}`;
}
