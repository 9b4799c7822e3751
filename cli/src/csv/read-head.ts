import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { bytesOf, type CsvDialect, decoderOf, describeEncoding } from './dialect.ts';
import { countByte, LF, type LineEnd, newlineBytes, Scan } from './scan.ts';
import { splitFields, unquoted } from './split-fields.ts';

export interface HeadOptions {
  readonly file: string;
  readonly dialect: CsvDialect;
  /** The first record names the columns, and is no row. */
  readonly hasHeader: boolean;
}

/** What the beginning of a file shows. */
export interface Head {
  /** The fields of the header; none without one. */
  readonly fields: string[];
  readonly lineEnd: LineEnd;
  /** The bytes that were read and belong to rows. */
  readonly rest: Buffer;
  /** The line of the first row. */
  readonly line: number;
}

const longestHeader = 16 * 1024 * 1024;
const byteOrderMark = Buffer.from('\ufeff');

/** @throws {CommandError} for a file that is empty, in UTF-16, or has a header that does not end */
export async function readHead(pieces: AsyncIterator<Buffer>, options: HeadOptions): Promise<Head> {
  const scan = new Scan(bytesOf(options.dialect));
  let bytes: Buffer = Buffer.alloc(0);
  let [at, scanned, isAll, isChecked] = [-1, 0, false, false];
  while (!isAll) {
    const piece = await pieces.next();
    isAll = piece.done === true;
    if (!piece.done) bytes = Buffer.concat([bytes, piece.value]);
    if (!isChecked && !isAll && bytes.length <= byteOrderMark.length) continue;
    if (!isChecked) bytes = withoutMark(bytes, options);
    isChecked = true;
    if (at === -1) at = scan.findLineEnd(bytes, scanned);
    scanned = bytes.length;
    // The byte behind a carriage return decides what the line ends are.
    if (at !== -1 && at + 1 < bytes.length) break;
    if (bytes.length > longestHeader) throw new CommandError(`${options.file}: the first line does not end`);
  }
  if (bytes.length === 0 && options.hasHeader)
    throw new CommandError(`${options.file} is empty: its first line must name the columns`);
  if (options.hasHeader && at === -1 && scan.isQuoted)
    throw new CommandError(`${options.file}, line 1: a quote is left open`, exitCodes.failed);
  const lineEnd = lineEndAt(bytes, at);
  const end = at === -1 ? bytes.length : at + lineEnd.length;
  if (!options.hasHeader) return { fields: [], lineEnd, rest: bytes, line: 1 };
  const fields = textsOf(bytes.subarray(0, at === -1 ? bytes.length : at), options);
  const line = 1 + countByte(bytes, newlineBytes(lineEnd).editor, 0, end);
  return { fields, lineEnd, rest: bytes.subarray(end), line };
}

function lineEndAt(bytes: Buffer, at: number): LineEnd {
  if (at === -1 || bytes[at] === LF) return '\n';
  return bytes[at + 1] === LF ? '\r\n' : '\r';
}

/** The mark says that a file is UTF-8. It is no part of the first field. */
function withoutMark(bytes: Buffer, { file, dialect }: HeadOptions): Buffer {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const isWide = !isUtf16 && (bytes[0] === 0) !== (bytes[1] === 0) && bytes.length > 1;
  if (isUtf16 || isWide) {
    throw new CommandError(
      `${file} is in UTF-16, which PostgreSQL does not read; convert it: iconv -f UTF-16 -t UTF-8`,
      exitCodes.failed,
    );
  }
  const isUtf8 = dialect.encoding === undefined || /^(utf-?8|unicode)$/i.test(dialect.encoding);
  const isMarked = isUtf8 && bytes.subarray(0, 3).equals(byteOrderMark);
  return isMarked ? bytes.subarray(3) : bytes;
}

function textsOf(record: Buffer, { file, dialect }: HeadOptions): string[] {
  const bytes = bytesOf(dialect);
  const decoder = decoderOf(dialect.encoding);
  return splitFields(record, bytes).map((field) => {
    try {
      return decoder.decode(unquoted(record, field, bytes));
    } catch (cause) {
      throw new CommandError(`${file}, line 1: ${describeEncoding(dialect.encoding)}`, exitCodes.failed, {
        cause,
      });
    }
  });
}
