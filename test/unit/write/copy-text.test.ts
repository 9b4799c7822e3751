import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeIn } from '../../../src/load/refused-row.ts';
import type { TextCell } from '../../../src/write/copy-text.ts';
import { CopyText, isSpecial } from '../../../src/write/copy-text.ts';

/** The cells that PostgreSQL reads from a line, by the rules of its documentation. */
function readLine(line: string): TextCell[] {
  return line.split('\t').map((field) => {
    if (field === '\\N') return null;
    if (field === '\\D') return undefined;
    return field.replace(/\\(.)/gs, (_, next) => ({ n: '\n', r: '\r', t: '\t' })[next as 'n'] ?? next);
  });
}

const anyCell = fc.oneof(
  fc.constantFrom<TextCell>(null, undefined, '', '\\', '\\N', '\\D', '\\.', '\t\r\n'),
  fc.string({ unit: 'grapheme' }),
);
const anyRows = fc
  .integer({ min: 1, max: 4 })
  .chain((width) => fc.array(fc.array(anyCell, { minLength: width, maxLength: width }), { minLength: 1 }));

function textOf(rows: readonly TextCell[][]): CopyText {
  const text = new CopyText();
  for (const row of rows) text.add(row, [...row.keys()], !row.some((cell) => cell && isSpecial(cell)));
  return text;
}

describe('the text of a COPY', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const lines = Buffer.concat([...textOf(rows).blocks()])
          .toString()
          .split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map(readLine)).toEqual(rows);
      }),
    );
  });

  test('has the same lines in its parts', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(), fc.nat(), (rows, one, other) => {
        const [from, to] = [one % (rows.length + 1), other % (rows.length + 1)].toSorted((a, b) => a - b);
        if (from === to) return;
        const part = textOf(rows.slice(from, to)).blocks();
        expect(textOf(rows).slice(from as number, to as number)).toEqual(Buffer.concat([...part]));
      }),
    );
  });

  test('names the columns that are asked for, and comes in blocks', () => {
    const text = new CopyText();
    for (let row = 0; row < 10_000; row++) text.add(['a', 'left out', 'x'.repeat(20)], [0, 2], true);
    expect(text.blocks().length).toBeGreaterThan(2);
    expect(Buffer.concat([...text.blocks()]).length).toBe(10_000 * 23);
    expect(text.slice(9_999, 10_000).toString()).toBe(`a\t${'x'.repeat(20)}\n`);
  });
});

describe('the place of an error', () => {
  test.each([
    ['COPY users, line 3, column age: "x"', 'users', { line: 3, column: 'age' }],
    ['COPY users, line 12, column first name: null input', 'users', { line: 12, column: 'first name' }],
    ['COPY users, line 1: "a\tb\tc"', 'users', { line: 1, column: undefined }],
    ['COPY users, line 75', 'users', { line: 75, column: undefined }],
    ['COPY users, Zeile 3, Spalte age: »x«', 'users', { line: 3, column: 'age' }],
    [
      'PL/pgSQL function f() line 9 at RAISE\nCOPY users, line 4: "a"',
      'users',
      { line: 4, column: undefined },
    ],
    ['COPY we, line 7, line 2, column a: "b"', 'we, line 7', { line: 2, column: 'a' }],
    ['COPY users', 'users', undefined],
    ['COPY others, line 3', 'users', undefined],
    ['SQL statement "select 1"', 'users', undefined],
    [undefined, 'users', undefined],
  ])('%s', (where, relation, place) => {
    expect(placeIn(where, relation)).toEqual(place);
  });
});
