import { TextDecoder } from 'node:util';
import { CommandError } from '../command-error.ts';

/** How the fields of a file are written, in the words of COPY. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** An unquoted field of this text is NULL. */
  readonly nullText: string;
  /** The server's name of the encoding; `undefined` for UTF-8. */
  readonly encoding: string | undefined;
  /** An unquoted field of this text is the column's default. */
  readonly defaultText?: string;
}

/** The same as bytes. A character of the dialect is one byte, as COPY wants it. */
export interface DialectBytes {
  readonly delimiter: number;
  readonly quote: number;
  readonly escape: number;
}

export function bytesOf(dialect: CsvDialect): DialectBytes {
  const byte = (character: string) => character.charCodeAt(0);
  return { delimiter: byte(dialect.delimiter), quote: byte(dialect.quote), escape: byte(dialect.escape) };
}

/**
 * The options of COPY. Its data begin with a line for the header: the server learns the line ends of the file from it.
 *
 * @example
 * (format csv, header, delimiter E',', quote E'"', escape E'"', null E'', encoding E'UTF8')
 */
export function copyOptions(dialect: CsvDialect): string {
  const { delimiter, quote, nullText, encoding = 'UTF8', defaultText } = dialect;
  return [
    '(format csv, header',
    `delimiter ${literal(delimiter)}`,
    `quote ${literal(quote)}`,
    `escape ${literal(dialect.escape)}`,
    `null ${literal(nullText)}`,
    ...(defaultText === undefined ? [] : [`default ${literal(defaultText)}`]),
    `encoding ${literal(encoding)})`,
  ].join(', ');
}

/** An E string, since a setting of the session decides how a plain string reads a backslash. */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A field with this value, which is never NULL. */
export function quoted(text: string, { quote, escape: mark }: CsvDialect): string {
  const inner = mark === quote ? text : text.replaceAll(mark, mark + mark);
  return quote + inner.replaceAll(quote, mark + quote) + quote;
}

/**
 * A decoder for an encoding by the server's name, `LATIN1` or `WIN1252`.
 *
 * @throws {CommandError} if this side does not know the encoding
 */
export function decoderOf(encoding = 'UTF8', fatal = true): TextDecoder {
  const name = encoding.toLowerCase().replaceAll('_', '-');
  const labels = [
    name,
    name.replace(/^win-?/, 'windows-'),
    name.replace('-', ''),
    name.replace(/^mule-/, ''),
  ];
  for (const label of [...labels, ...(others.get(name) ?? [])]) {
    try {
      return new TextDecoder(label, { fatal });
    } catch {
      // The next name is tried.
    }
  }
  throw new CommandError(`--encoding ${encoding}: not known here; convert the file by iconv -t UTF-8`);
}

/**
 * Encodings, by the server's names, in which a character of several bytes may hold a byte of ASCII: `@` or one behind it, or a
 * digit.
 */
const embedAscii =
  /^(big5|gb18030|gbk|johab|mskanji|sjis|shiftjis(2004)?|uhc|(win|windows)(932|936|949|950))$/;

/**
 * Records are found by bytes, in which a character of the dialect must be nothing else.
 *
 * @param options the options of the dialect whose characters are looked for
 * @throws {CommandError} if one of them may be a part of another character
 */
export function checkBytes(
  dialect: CsvDialect,
  options: readonly ('delimiter' | 'quote' | 'escape')[],
): void {
  const { encoding = '' } = dialect;
  if (!embedAscii.test(encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))) return;
  const unclear = options.find((option) => /[@-~0-9]/.test(dialect[option]));
  if (unclear === undefined) return;
  throw new CommandError(
    `--encoding ${encoding}: ${dialect[unclear]}, the ${unclear}, may also be a part of a character there; convert the file by iconv -t UTF-8`,
  );
}

/** Names that only PostgreSQL has. */
const others = new Map([
  ['sql-ascii', ['utf-8']],
  ['unicode', ['utf-8']],
  ['koi8r', ['koi8-r']],
  ['koi8u', ['koi8-u']],
  ['uhc', ['euc-kr']],
  ['sjis', ['shift_jis']],
  ['win866', ['ibm866']],
  ['latin7', ['iso-8859-13']],
  ['latin8', ['iso-8859-14']],
  ['latin9', ['iso-8859-15']],
  ['latin10', ['iso-8859-16']],
]);

/** Why bytes are refused, and what helps. */
export function describeEncoding(encoding = 'UTF-8'): string {
  return `the bytes are not ${encoding}; name the encoding of the file, like --encoding LATIN1`;
}
