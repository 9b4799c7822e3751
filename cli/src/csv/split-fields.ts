import type { DialectBytes } from './dialect.ts';

/** A field of a record, as bytes of the file. */
export interface Field {
  readonly from: number;
  readonly to: number;
  /** It has a quote, so that it is not NULL. */
  readonly isQuoted: boolean;
}

/** The fields of a record without its line end, split as the server splits them. */
export function splitFields(record: Uint8Array, { delimiter, quote, escape: mark }: DialectBytes): Field[] {
  const fields: Field[] = [];
  let from = 0;
  let isQuoted = false;
  let isInside = false;
  for (let at = 0; at <= record.length; at++) {
    const byte = record[at];
    if (at === record.length || (byte === delimiter && !isInside)) {
      fields.push({ from, to: at, isQuoted });
      from = at + 1;
      isQuoted = false;
    } else if (isInside && byte === mark && (record[at + 1] === quote || record[at + 1] === mark)) {
      at++;
    } else if (byte === quote) {
      isInside = !isInside;
      isQuoted = true;
    }
  }
  return fields;
}

/** The field's bytes without quotes and escapes. */
export function unquoted(record: Buffer, { from, to, isQuoted }: Field, bytes: DialectBytes): Buffer {
  const raw = record.subarray(from, to);
  if (!isQuoted) return raw;
  const { quote, escape: mark } = bytes;
  const value = Buffer.allocUnsafe(raw.length);
  let length = 0;
  let isInside = false;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at] as number;
    if (isInside && byte === mark && (raw[at + 1] === quote || raw[at + 1] === mark)) {
      value[length++] = raw[++at] as number;
    } else if (byte === quote) {
      isInside = !isInside;
    } else {
      value[length++] = byte;
    }
  }
  return value.subarray(0, length);
}
