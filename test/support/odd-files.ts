import type { FileTable, OddFile } from './beside-copy.ts';

const pgCore = JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'));

const tableOf = (name: string, ddl: string, imports: string, columns: string): FileTable => ({
  name,
  ddl: `create table ${name} (${ddl})`,
  schema: `import { pgTable, ${imports} } from ${pgCore}; export const ${name} = pgTable('${name}', { ${columns} });`,
});

export const one = tableOf('odd_one', 'name text', 'text', 'name: text()');
export const two = tableOf('odd_two', 'id int, note text', 'integer, text', 'id: integer(), note: text()');
export const typed = tableOf(
  'odd_typed',
  `id int, ratio float8, amount numeric, doc jsonb, raw json, spot point, instant timestamptz, moment timestamp,
   day date, flag boolean, counts int[], bytes bytea, code varchar(3), span interval, address inet, line line`,
  `boolean, customType, date, doublePrecision, inet, integer, interval, json, jsonb, line, numeric, point, timestamp,
   varchar`,
  `id: integer(), ratio: doublePrecision(), amount: numeric({ mode: 'number' }), doc: jsonb(), raw: json(),
   spot: point({ mode: 'xy' }), instant: timestamp({ withTimezone: true }), moment: timestamp(),
   day: date({ mode: 'date' }), flag: boolean(), counts: integer().array(),
   bytes: customType({ dataType: () => 'bytea' })(), code: varchar({ length: 3 }), span: interval(), address: inet(),
   line: line()`,
);

const ofOne = (bytes: string | Buffer, more: Partial<OddFile> = {}): OddFile => ({
  table: one,
  columns: ['name'],
  bytes,
  ...more,
});
const ofTwo = (bytes: string | Buffer, more: Partial<OddFile> = {}): OddFile => ({
  table: two,
  columns: ['id', 'note'],
  bytes,
  ...more,
});
const field = (column: string, text: string): OddFile => ({
  table: typed,
  columns: ['id', column],
  bytes: `id,${column}\n1,"${text.replaceAll('"', '""')}"\n`,
});

/** Files that loaders misread, by what is odd about them. `\copy` reads or refuses each of them in the same way. */
export const oddFiles: Readonly<Record<string, OddFile>> = {
  'one row without a line end': ofTwo('id,note\n1,a'),
  'a header only': ofTwo('id,note\n'),
  'a header without a line end': ofTwo('id,note'),
  'CR LF': ofTwo('id,note\r\n1,a\r\n2,b\r\n'),
  'CR only': ofTwo('id,note\r1,a\r2,b\r'),
  'CR LF, and one row with LF': ofOne('name\r\nann\nbob\r\ncyd\r\n'),
  'a header with CR LF, and rows with LF': ofOne('name\r\nann\nbob\ncyd\n'),
  'a header with LF, and rows with CR LF': ofOne('name\nann\r\nbob\r\n'),
  'an LF without quotes in a file of CR LF': ofTwo('id,note\r\n1,first\nsecond\r\n2,x\r\n'),
  'a CR without quotes in a file of LF': ofOne('name\nann\rbob\rcyd\n'),
  'a CR in quotes at the end of a field': ofTwo('id,note\n1,"a\r\nb"\n2,"c\r"\n'),
  'an LF in quotes in a file of CR LF': ofTwo('id,note\r\n1,"a\nb"\r\n2,c\r\n'),
  'a CR LF in quotes in a file of CR LF': ofTwo('id,note\r\n1,"a\r\nb"\r\n2,c\r\n'),
  'a CR in quotes in a file of CR': ofTwo('id,note\r1,"a\rb"\r2,c\r'),
  'an LF in quotes in a file of CR': ofTwo('id,note\r1,"a\nb"\r2,c\r'),
  'quotes in the header': ofOne('"name"\nx\n'),
  'a blank line between rows of one field': ofOne('name\na\n\nb\n'),
  'a blank line at the end of rows of one field': ofOne('name\na\n\n'),
  'a blank line between rows of two fields': ofTwo('id,note\n1,a\n\n2,b\n'),
  'a blank line at the end of rows of two fields': ofTwo('id,note\n1,a\n\n'),
  'a line of spaces': ofOne('name\n   \n'),
  'too few fields': ofTwo('id,note\n1,a\n2\n'),
  'too many fields': ofTwo('id,note\n1,a\n2,b,c\n'),
  'a comma behind the last field': ofTwo('id,note\n1,a,\n'),
  'an empty field': ofTwo('id,note\n1,\n,x\n'),
  'an empty field in quotes': ofTwo('id,note\n1,""\n2," "\n'),
  'a number in quotes': ofTwo('id,note\n"1",a\n'),
  'an empty number in quotes': ofTwo('id,note\n"",a\n'),
  'spaces around fields': ofTwo('id,note\n 1 , a \n'),
  'spaces around quotes': ofTwo('id,note\n1, "a" \n2,"b" c\n'),
  'a quote within a field': ofTwo('id,note\n1,a"b"c\n2,"x""y"\n'),
  'a comma in quotes within a field': ofTwo('id,note\n1,a"b,c"d\n'),
  'three quotes': ofTwo('id,note\n1,"""a"""\n2,""""\n'),
  'an open quote': ofTwo('id,note\n1,"a\n2,b\n'),
  'an open quote at the end': ofTwo('id,note\n1,a\n2,"'),
  'a quote behind a quoted field': ofTwo('id,note\n1,"a""\n2,b"\n'),
  'a backslash': ofTwo('id,note\n1,a\\b\n2,\\\n3,\\N\n4,\\n\n'),
  'a backslash before a quote': ofTwo('id,note\n1,"a\\"\n2,b\n'),
  'the word NULL': ofTwo('id,note\n1,NULL\n2,null\n'),
  'the number NULL': ofTwo('id,note\nNULL,a\n'),
  'a Ctrl-Z at the end': ofTwo('id,note\n1,a\n\x1a'),
  'a form feed and a vertical tab': ofTwo('id,note\n1,\f\v\n'),
  'a line separator of Unicode': ofTwo('id,note\n1,a\u2028b\u0085c\n'),
  'Latin-1': ofTwo(Buffer.from('id,note\n1,caf\xe9\n', 'latin1')),
  'Latin-1 that is named': ofTwo(Buffer.from('id,note\n1,caf\xe9\n', 'latin1'), {
    copy: "header, encoding 'LATIN1'",
    args: ['--encoding', 'LATIN1'],
  }),
  'an encoding that nobody knows': ofTwo('id,note\n1,a\n', {
    copy: "header, encoding 'KLINGON'",
    args: ['--encoding', 'KLINGON'],
  }),
  'an encoding of the server that JavaScript does not know': ofTwo(
    Buffer.from([0x31, 0x2c, 0xc4, 0xa1, 0x0a]),
    {
      copy: "header false, encoding 'EUC_TW'",
      args: ['--encoding', 'EUC_TW', '--header', 'none', '--columns', 'id,note'],
    },
  ),
  'UTF-16 with its mark': ofTwo(Buffer.from('\ufeffid,note\n1,a\n', 'utf16le')),
  'UTF-8 with a mark': ofTwo('\ufeffid,note\n1,a\n'),
  'UTF-8 with a mark, which is named': ofTwo('\ufeffid,note\n1,a\n', {
    copy: "header, encoding 'UTF8'",
    args: ['--encoding', 'UTF8'],
  }),
  'half a character at the end': ofTwo(Buffer.concat([Buffer.from('id,note\n1,'), Buffer.from([0xc3])])),
  'a surrogate in UTF-8': ofTwo(Buffer.concat([Buffer.from('id,note\n1,'), Buffer.from([0xed, 0xa0, 0x80])])),
  'an emoji': ofTwo('id,note\n1,👩‍👩‍👧\n'),
  'an empty file of one line end': ofOne('name\n\n'),
  semicolons: ofTwo('id;note\n1;a,b\n', { copy: "header, delimiter ';'", args: ['--delimiter', ';'] }),
  tabs: ofTwo('id\tnote\n1\t"a\tb"\n', { copy: "header, delimiter E'\\t'", extension: 'tsv' }),
  'single quotes': ofTwo("id,note\n1,'a,''b'''\n", { copy: "header, quote ''''", args: ['--quote', "'"] }),
  'an escape of its own': ofTwo('id,note\n1,"a\\"b\\\\"\n2,"c\\d"\n', {
    copy: "header, escape '\\'",
    args: ['--escape', '\\'],
  }),
  'an escape at the end of a field': ofTwo('id,note\n1,"a\\"\n2,"\n', {
    copy: "header, escape '\\'",
    args: ['--escape', '\\'],
  }),
  'a text for NULL': ofTwo('id,note\n\\N,\\N\n1,"\\N"\n2,\n', {
    copy: "header, null '\\N'",
    args: ['--null', '\\N'],
  }),
  'no header': ofTwo('1,a\n2,b\n', {
    copy: 'header false',
    args: ['--header', 'none', '--columns', 'id,note'],
  }),
  'no header and CR LF': ofTwo('1,"a\nb"\r\n2,b\r\n', {
    copy: 'header false',
    args: ['--header', 'none', '--columns', 'id,note'],
  }),
  'an integer out of range': ofTwo('id,note\n2147483648,a\n'),
  'an integer with a fraction': ofTwo('id,note\n1.0,a\n'),
  'an integer in hexadecimal': ofTwo('id,note\n0x1F,a\n'),
  'a float beyond a double': field('ratio', '1e400'),
  'a float below a double': field('ratio', '1e-400'),
  'an infinite float': field('ratio', 'Infinity'),
  'a float of many digits': field('ratio', '0.1000000000000000055511151231257827'),
  'a numeric of many digits': field('amount', '12345678901234567890.123456789012345678901234567890'),
  'a numeric with an exponent': field('amount', '1e400'),
  'a numeric that is no number': field('amount', 'NaN'),
  'a numeric with commas': field('amount', '1,234.5'),
  'a large number in jsonb': field('doc', '{"id":1413617112501850121}'),
  'a number beyond a double in jsonb': field('doc', '{"x":1e400,"y":0.1234567890123456789}'),
  'a bare number in jsonb': field('doc', '12345678901234567890'),
  'the null of jsonb': field('doc', 'null'),
  'json with a key twice': field('raw', '{"b":1,"2":2,"1":3,"b":4}'),
  'json that is none': field('raw', "{'a':1}"),
  'a point': field('spot', '(12,34)'),
  'a point without parentheses': field('spot', '12,34'),
  'a point with spaces': field('spot', ' ( 12 , 34 )'),
  'a point beyond a double': field('spot', '(1e400,2)'),
  'a point in words': field('spot', 'POINT(12 34)'),
  'a line by two points': field('line', '[(0,0),(1,1)]'),
  'an instant with a zone': field('instant', '2024-01-31 12:00:00.123456+05:30'),
  'an instant without a zone': field('instant', '2024-01-31 12:00:00'),
  'an instant with the name of a zone': field('instant', '2024-07-31 12:00:00 Europe/Zurich'),
  'an instant that is infinite': field('instant', 'infinity'),
  'an instant before Christ': field('instant', '0044-03-15 12:00:00+00 BC'),
  'a moment of microseconds': field('moment', '2024-01-31 12:00:00.123456'),
  'the 30th of February': field('day', '2024-02-30'),
  'a day with its month in words': field('day', '31 January 2024'),
  'a day of the month first': field('day', '31.01.2024'),
  'a day of the month first, by --date-style': {
    ...field('day', '31.01.2024'),
    args: ['--date-style', 'DMY'],
    env: { PGDATESTYLE: 'DMY' },
  },
  'a boolean in words': field('flag', 'yes'),
  'a boolean that is none': field('flag', 'maybe'),
  'an array': field('counts', '{1,NULL,3}'),
  'an array with bounds': field('counts', '[0:1]={1,2}'),
  'bytes in hexadecimal': field('bytes', '\\xdeadbeef'),
  'bytes in octal': field('bytes', 'a\\000b'),
  'a text that is too long': field('code', 'abcd'),
  'a text that is too long by spaces': field('code', 'abc  '),
  'an interval': field('span', '1 day 2:03'),
  'an address': field('address', '::1'),
};

/** Files that the command treats better than `\copy`, with what it does. */
export const betterFiles: Readonly<Record<string, { readonly file: OddFile; readonly rows: LoadedRows }>> = {
  'a line of \\. is refused, where an old server or psql leaves out the rest': {
    file: ofOne('name\na\n\\.\nb\n'),
    rows: 'refused',
  },
  'a NUL in a field is refused, where psql leaves out the rest of the line': {
    file: ofTwo('id,note\n1,a\0b\n'),
    rows: 'refused',
  },
  'a NUL as a field is refused': { file: ofTwo('id,note\n1,\0\n'), rows: 'refused' },
  'UTF-16 without a mark is refused': {
    file: ofTwo(Buffer.from('id,note\n1,a\n', 'utf16le')),
    rows: 'refused',
  },
  'the mark of UTF-8 is no part of a first row': {
    file: ofOne('\ufeffann\n', { copy: 'header false', args: ['--header', 'none', '--columns', 'name'] }),
    rows: ['(ann)'],
  },
  'a header of other names is refused, where COPY skips it unread': {
    file: ofTwo('no,notes\n1,a\n'),
    rows: 'refused',
  },
  'an empty file is refused, as it has no header': { file: ofTwo(''), rows: 'refused' },
};

type LoadedRows = readonly string[] | 'refused';
