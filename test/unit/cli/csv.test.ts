import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BadRow } from '../../../cli/src/bad-row.ts';
import { openCsv } from '../../../cli/src/csv.ts';
import { targetColumns } from '../../../cli/src/target-columns.ts';

const columns = targetColumns(pgTable('t', { a: text(), b: text(), n: integer() }));

interface Read {
  line: number;
  row?: unknown;
  bad?: string;
  reject?: string;
}

/** All records of a text that arrives in pieces. */
async function readAll(pieces: readonly string[], delimiter = ','): Promise<{ head: string; read: Read[] }> {
  const text = (async function* () {
    yield* pieces;
  })();
  const records = await openCsv(text, { delimiter, columns });
  const read: Read[] = [];
  for await (const block of records.blocks) {
    block.records.forEach((record, index) => {
      const line = block.lineOf(index);
      try {
        const row = records.toRow(record);
        if (row) read.push({ line, row });
      } catch (bad) {
        const { reason } = bad as BadRow;
        read.push({ line, bad: reason, reject: records.toReject(record, line, reason) });
      }
      // A block is parsed again when one of its rows is refused.
      const again = records.parse(block.text, block.firstLine);
      expect(again.records[index]).toEqual(record);
      expect(again.lineOf(index)).toBe(line);
    });
  }
  return { head: records.rejectsHead, read };
}

const rowsOf = async (...pieces: string[]) => (await readAll(pieces)).read.map(({ row, bad }) => row ?? bad);

test('an empty field is NULL, and "" is an empty string', async () => {
  expect(await rowsOf('a,b\n,""\n"",\n"","" \nx,""')).toEqual([
    { a: null, b: '' },
    { a: '', b: null },
    { a: '', b: '' },
    { a: 'x', b: '' },
  ]);
});

test('a line that ends otherwise than the header is no row, since its last field would take what is left', async () => {
  expect(await rowsOf('a,b\n1,x\r\n2,y\n"3","z\r"\n')).toEqual([
    'ends with CR LF, and the header with LF',
    { a: '2', b: 'y' },
    'ends with CR LF, and the header with LF',
  ]);
  expect(await rowsOf('a,b\n"3","z\r"\n')).toEqual([{ a: '3', b: 'z\r' }]);
});

test('quotes in quotes are not empty strings', async () => {
  expect(await rowsOf('a,b\n"x,"",y","""",\n')).toEqual(['has 3 fields, and the header 2']);
  expect(await rowsOf('a,b\n"x,"",y",""""\n"""",x""\n')).toEqual([
    { a: 'x,",y', b: '"' },
    { a: '"', b: 'x""' },
  ]);
});

test('lines are counted as an editor counts them, with newlines in quotes and blank lines', async () => {
  const { read } = await readAll(['a,n\n"1\n2\n3",1\n\nx,oops\n"\n",2\ny,oops\n']);
  expect(read.map(({ line, bad }) => [line, bad])).toEqual([
    [2, undefined],
    [6, 'is not an integer'],
    [7, undefined],
    [9, 'is not an integer'],
  ]);
});

test.each([
  ['\n', 'newlines'],
  ['\r\n', 'carriage returns and newlines'],
])('rows end with %j', async (newline) => {
  const text = ['a,n', 'x,1', '"y\r\nz",2', ''].join(newline);
  expect(await rowsOf(text)).toEqual([
    { a: 'x', n: 1 },
    { a: 'y\r\nz', n: 2 },
  ]);
});

test('a byte order mark, a last line without newline and other delimiters are read', async () => {
  expect((await readAll(['a;n\nx,y;1'], ';')).read).toEqual([{ line: 2, row: { a: 'x,y', n: 1 } }]);
});

test('a row with another number of fields, or with a quote amiss, is bad alone', async () => {
  expect(await rowsOf('a,n\nx\ny,1\nz,1,2\n"q"uote",1\nlast,2\n')).toEqual([
    'has 1 fields, and the header 2',
    { a: 'y', n: 1 },
    'has 3 fields, and the header 2',
    'Trailing quote on quoted field is malformed',
    { a: 'last', n: 2 },
  ]);
});

test('a quote that is left open is bad, with the line on which it opens', async () => {
  const { read } = await readAll(['a,n\nx,1\n"y,2\nz,3\n']);
  expect(read.map(({ line, bad }) => [line, bad])).toEqual([
    [2, undefined],
    [3, 'Quoted field unterminated'],
  ]);
});

test('what is rejected can be loaded again as it was, once it is mended', async () => {
  const source = 'a,b,n\n"x,""y""",,oops\n"","l1\nl2",oops\n';
  const first = await readAll([source]);
  const rejects = first.head + first.read.map(({ reject }) => reject).join('');
  expect(rejects.split('\n')[0]).toBe('rejected_line,rejected_reason,a,b,n');

  expect((await readAll([rejects.replaceAll('oops', '1')])).read.map(({ row }) => row)).toEqual([
    { a: 'x,"y"', b: null, n: 1 },
    { a: '', b: 'l1\nl2', n: 1 },
  ]);
  const second = await readAll([rejects]);
  expect(second.head).toBe(first.head);
  expect(second.read[0]?.reject).toMatch(/^2,is not an integer,"x,""y""",,oops\n/);
});

describe('a header', () => {
  test.each([
    ['', 'the source is empty'],
    ['a,zip\n', 'the header has "zip"; allowed: a, b, n'],
    ['a,b,a\n', 'the header names "a" twice'],
  ])('%j is refused: %s', async (text, why) => {
    await expect(readAll([text])).rejects.toThrow(why);
  });

  test('alone is no row', async () => {
    expect(await rowsOf('a,b\n')).toEqual([]);
    expect(await rowsOf('a,b')).toEqual([]);
  });

  test('may come in pieces', async () => {
    expect(await rowsOf('a', ',', 'n\r', '\nx,1\r\n')).toEqual([{ a: 'x', n: 1 }]);
  });
});

test('where the pieces of a text end makes no difference', async () => {
  const field = fc.constantFrom(
    '',
    '""',
    'x',
    '1',
    '"a,b"',
    '"a\nb"',
    '"say ""hi"""',
    '""""',
    '"x""",',
    'é',
    '"q"q"',
  );
  const lines = fc.array(
    fc.tuple(field, field).map((fields) => fields.join(',')),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(lines, fc.array(fc.nat(60), { maxLength: 5 }), async (rows, cuts) => {
      const text = `a,b\n${rows.join('\n')}`;
      const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((x, y) => x - y);
      const pieces = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
      expect(await readAll(pieces)).toEqual(await readAll([text]));
    }),
    { numRuns: 500 },
  );
});
