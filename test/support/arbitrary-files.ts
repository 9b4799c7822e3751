import fc from 'fast-check';
import type { FileTable, OddFile } from './beside-copy.ts';

const pgCore = JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'));

export const mixed: FileTable = {
  name: 'odd_mixed',
  ddl: `create table odd_mixed (id int, note text, amount numeric, doc jsonb, day date, flag boolean, counts int[],
    ratio float8, code varchar(4))`,
  schema: `import { boolean, date, doublePrecision, integer, jsonb, numeric, pgTable, text, varchar } from ${pgCore};
    export const odd_mixed = pgTable('odd_mixed', { id: integer(), note: text(), amount: numeric(), doc: jsonb(),
      day: date(), flag: boolean(), counts: integer().array(), ratio: doublePrecision(), code: varchar({ length: 4 }) });`,
};

/** Texts that some types take and others refuse. */
const texts: Readonly<Record<string, readonly string[]>> = {
  id: ['1', '-7', ' 2 ', '2147483647', '1_000', '0x1F'],
  note: ['a', ' b ', 'é', '👩‍👩‍👧', '\\N', '\\n', 'NULL', "it's", 'x\\y', '\u2028'],
  amount: ['0.1234567890123456789', '1e5', 'NaN', '12345678901234567890'],
  doc: ['{"x":1e400}', '[1413617112501850121]', 'null', '"a"', '{"b":1,"a":2}'],
  day: ['2024-02-29', 'infinity', 'January 8, 1999', '20240131'],
  flag: ['t', 'no', 'on', '0', ' true '],
  counts: ['{1,2}', '{}', '{NULL,3}', '[2:3]={1,2}'],
  ratio: ['0.1', '1e308', '-Infinity', 'nan', '5e-324'],
  code: ['abcd', 'ab   ', ''],
};

interface Style {
  readonly delimiter: string;
  readonly quote: string;
  readonly mark: string;
  readonly nullText: string;
  readonly lineEnd: string;
  readonly encoding: 'UTF8' | 'LATIN1' | undefined;
}

const style: fc.Arbitrary<Style> = fc
  .record({
    delimiter: fc.constantFrom(',', ',', ';', '\t', '|'),
    quote: fc.constantFrom('"', '"', '"', "'"),
    isEscaped: fc.constantFrom(false, false, true),
    nullText: fc.constantFrom('', '', '\\N', 'NULL'),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    encoding: fc.constantFrom(undefined, undefined, 'UTF8' as const, 'LATIN1' as const),
  })
  .map(({ isEscaped, ...rest }) => ({ ...rest, mark: isEscaped ? '\\' : rest.quote }));

const columns = fc.uniqueArray(fc.constantFrom(...Object.keys(texts)), { minLength: 1, maxLength: 4 });

/** A field as a careful writer writes it. */
function careful(
  { delimiter, quote, mark, nullText }: Style,
  text: string | null,
  isQuoted: boolean,
): string {
  if (text === null) return nullText;
  const needsQuotes =
    isQuoted || text === nullText || [delimiter, quote, '\r', '\n'].some((each) => text.includes(each));
  if (!needsQuotes) return text;
  const inner = mark === quote ? text : text.replaceAll(mark, mark + mark);
  return quote + inner.replaceAll(quote, mark + quote) + quote;
}

/** What a careless writer leaves in a file. */
const careless = (given: Style): fc.Arbitrary<string> =>
  fc
    .array(
      fc.constantFrom(
        given.delimiter,
        given.quote,
        given.quote,
        given.mark,
        given.lineEnd,
        given.nullText,
        '\r',
        '\n',
        ' ',
        '1',
        'a',
        'é',
        '\\',
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join(''));

const recordOf = (given: Style, names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      ...names.map((name) =>
        fc.tuple(
          fc.oneof(
            { weight: 8, arbitrary: fc.constantFrom(...(texts[name] as string[])) },
            { weight: 2, arbitrary: fc.constant(null) },
            { weight: name === 'note' ? 4 : 0, arbitrary: careless(given) },
          ),
          fc.boolean(),
        ),
      ),
    )
    .map((fields) => fields.map(([text, isQuoted]) => careful(given, text, isQuoted)).join(given.delimiter));

/** A file in CSV, with its options for both sides. Some files are mended with what a careless writer would leave. */
export const arbitraryFile: fc.Arbitrary<OddFile> = fc
  .tuple(style, columns, fc.boolean())
  .chain(([given, names, isHeaded]) =>
    fc
      .tuple(
        fc.array(recordOf(given, names), { maxLength: 6 }),
        fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: careless(given) }),
        fc.nat(),
        fc.boolean(),
      )
      .map(([records, spoil, place, isEnded]) => {
        const body = records.join(given.lineEnd) + (isEnded && records.length > 0 ? given.lineEnd : '');
        const at = place % (body.length + 1);
        const header = isHeaded ? names.join(given.delimiter) + given.lineEnd : '';
        return fileOf(given, names, isHeaded, header + body.slice(0, at) + spoil + body.slice(at));
      }),
  );

function fileOf(given: Style, names: readonly string[], isHeaded: boolean, text: string): OddFile {
  const { delimiter, quote, mark, nullText, encoding } = given;
  const literal = (value: string) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const options = { delimiter, quote, escape: mark, null: nullText, encoding: encoding ?? 'UTF8' };
  const written = Object.entries(options).map(([name, value]) => `${name} ${literal(value)}`);
  return {
    table: mixed,
    columns: names,
    // A character that Latin-1 lacks is spoilt, which is a way of its own to write a file.
    bytes: Buffer.from(text, encoding === 'LATIN1' ? 'latin1' : 'utf8'),
    copy: [`header ${isHeaded}`, ...written].join(', '),
    args: [
      `--delimiter=${delimiter}`,
      `--quote=${quote}`,
      `--escape=${mark}`,
      `--null=${nullText}`,
      ...(encoding === undefined ? [] : [`--encoding=${encoding}`]),
      ...(isHeaded ? [] : ['--header=none', `--columns=${names.join(',')}`]),
    ],
  };
}

/** Files of which psql 15 or COPY loses a part in silence, and that the command refuses. */
export function isLostByCopy({ bytes }: OddFile): boolean {
  const text = bytes.toString();
  return /(^|[\r\n])\\\.($|[\r\n])/.test(text) || text.includes('\0');
}
