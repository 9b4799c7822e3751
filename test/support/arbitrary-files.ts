import fc from 'fast-check';
import type { FileTable, OddFile } from './beside-copy.ts';

const pgCore = JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'));

export const mixed: FileTable = {
  name: 'odd_mixed',
  ddl: `create table odd_mixed (id int, note text, amount numeric, doc jsonb, day date, flag boolean, counts int[],
    ratio float8, code varchar(4), raw json, small real, spot point, instant timestamptz, moment timestamp, blob bytea,
    tags text[], span interval, big int8, token uuid, price numeric(8, 2), address inet)`,
  schema: `import { bigint, boolean, customType, date, doublePrecision, inet, integer, interval, json, jsonb, numeric, pgTable,
      point, real, text, timestamp, uuid, varchar } from ${pgCore};
    export const odd_mixed = pgTable('odd_mixed', { id: integer(), note: text(), amount: numeric(), doc: jsonb(),
      day: date(), flag: boolean(), counts: integer().array(), ratio: doublePrecision(), code: varchar({ length: 4 }),
      raw: json(), small: real(), spot: point({ mode: 'xy' }), instant: timestamp({ withTimezone: true }),
      moment: timestamp({ mode: 'string' }), blob: customType({ dataType: () => 'bytea' })(), tags: text().array(),
      span: interval(), big: bigint({ mode: 'number' }), token: uuid(), price: numeric({ mode: 'number' }),
      address: inet() });`,
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
  raw: ['{"b":1,"a":2,"b":3}', ' [ 1e400 ] ', '"\\u0000"', '{"a":"x"}', '0.10'],
  small: ['0.1', '16777217', '1e-46', 'Infinity', '3.4e38'],
  spot: ['(1,2)', '1e3,-0.1', ' ( 12 , 34 )', '(NaN,Infinity)', '(0.1,1e-320)'],
  instant: [
    '2024-01-31 12:00:00.123456+05:30',
    '2024-07-31T12:00:00Z',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    'epoch',
  ],
  moment: ['2024-01-31 12:00:00.1234567', '2024-01-31', '24:00 1999-01-08', '294276-12-31 23:59:59'],
  blob: ['\\xdeadbeef', 'a\\000b', '\\x', 'plain', '\\x0'],
  tags: ['{a,"b c",NULL}', '{"x\\"y"}', '{{a},{b}}', '{"NULL",""}', '{é}'],
  span: ['1 day 2:03', 'P1Y2M', '-1 mon +3 days', '@ 1 hour ago'],
  big: ['9223372036854775807', '-9007199254740993', '9223372036854775808'],
  token: ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'a0ee'],
  price: ['123456.785', '999999.994', '1000000', '-0.005', '1e3'],
  address: ['::1', '10.0.0.1/8', '256.1.1.1'],
};

/** All but the first write each character of Latin-1 as one byte, and take other bytes or refuse them. */
const encodings = ['UTF8', 'LATIN1', 'LATIN9', 'WIN1252', 'WIN1251', 'EUC_JP'] as const;

type Encoding = (typeof encodings)[number];

const isUtf8 = (encoding: Encoding | undefined): boolean => encoding === undefined || encoding === 'UTF8';

interface Style {
  readonly delimiter: string;
  readonly quote: string;
  readonly mark: string;
  readonly nullText: string;
  readonly lineEnd: string;
  readonly encoding: Encoding | undefined;
}

const style: fc.Arbitrary<Style> = fc
  .record({
    delimiter: fc.constantFrom(',', ',', ';', '\t', '|'),
    quote: fc.constantFrom('"', '"', '"', "'"),
    isEscaped: fc.constantFrom(false, false, true),
    nullText: fc.constantFrom('', '', '\\N', 'NULL'),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    encoding: fc.option(fc.constantFrom(...encodings), { nil: undefined }),
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
        '\r\n',
        '\0',
        '\u00a0',
        '\ufeff',
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

const header = fc.constantFrom('plain', 'plain', 'quoted', 'marked', 'none', 'none');

type Header = typeof header extends fc.Arbitrary<infer Value> ? Value : never;

/** Records with the line end of the file, or each with one of its own. */
const records = (given: Style, names: readonly string[]): fc.Arbitrary<string> => {
  const lineEnd = fc.oneof(
    { weight: 40, arbitrary: fc.constant(given.lineEnd) },
    { weight: 1, arbitrary: fc.constantFrom('\n', '\r\n', '\r') },
  );
  return fc
    .array(fc.tuple(recordOf(given, names), lineEnd), { maxLength: 6 })
    .map((all) => all.map(([record, end]) => record + end).join(''));
};

/** A file in CSV, with its options for both sides. Some files are mended with what a careless writer would leave. */
export const arbitraryFile: fc.Arbitrary<OddFile> = fc
  .tuple(style, columns, header)
  .chain(([given, names, head]) =>
    fc
      .tuple(
        records(given, names),
        fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: careless(given) }),
        fc.nat(),
        fc.boolean(),
      )
      .map(([body, spoil, place, isEnded]) => {
        const ended = isEnded || body === '' ? body : body.slice(0, -given.lineEnd.length);
        const at = place % (ended.length + 1);
        const spoilt = ended.slice(0, at) + spoil + ended.slice(at);
        return fileOf(given, names, head !== 'none', headerOf(given, names, head) + spoilt);
      }),
  );

function headerOf(given: Style, names: readonly string[], head: Header): string {
  if (head === 'none') return '';
  const written = names.map((name) => (head === 'quoted' ? given.quote + name + given.quote : name));
  const isMarked = head === 'marked' && isUtf8(given.encoding);
  return (isMarked ? '\ufeff' : '') + written.join(given.delimiter) + given.lineEnd;
}

function fileOf(given: Style, names: readonly string[], isHeaded: boolean, text: string): OddFile {
  const { delimiter, quote, mark, nullText, encoding } = given;
  const literal = (value: string) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const options = { delimiter, quote, escape: mark, null: nullText, encoding: encoding ?? 'UTF8' };
  const written = Object.entries(options).map(([name, value]) => `${name} ${literal(value)}`);
  return {
    table: mixed,
    columns: names,
    // A character that Latin-1 lacks is spoilt, which is a way of its own to write a file.
    bytes: Buffer.from(text, isUtf8(encoding) ? 'utf8' : 'latin1'),
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

/**
 * Where the two may differ: psql 15 or COPY loses a part of some files in silence.
 *
 * @returns what the command does, if that is known: it refuses the file
 */
export function differenceOf({ bytes, args = [] }: OddFile): 'refused' | 'other' | undefined {
  const text = bytes.toString();
  // psql reads lines as texts of C, which end at a NUL.
  if (text.includes('\0')) return 'refused';
  // It ends the data for psql, and for a server before PostgreSQL 18.
  if (/(^|[\r\n])\\\.($|[\r\n])/.test(text)) return 'other';
  // It is a part of the first value for \copy, and none for the command.
  if (text.startsWith('\ufeff') && args.includes('--header=none')) return 'other';
  return undefined;
}
