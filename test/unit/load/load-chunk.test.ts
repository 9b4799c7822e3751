import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { tableShape } from '../../../src/drizzle/table.ts';
import type { CellReader } from '../../../src/load/cells.ts';
import { isFull, type LoadChunk, RunBuilder, type RunRules } from '../../../src/load/load-chunk.ts';
import type { TextCell } from '../../../src/write/copy-text.ts';
import { dialect } from '../../support/entries.ts';

const shape = tableShape(dialect, pgTable('of_load_chunk', { a: integer(), b: text(), c: text() }));
const rules: RunRules = { defaulted: [true, false, true], canCopy: true, canDefault: true, named: undefined };

type Read = Pick<CellReader, 'texts' | 'casts' | 'needsEscape'>;

/** Builds a chunk from rows that have a text for each column they name. */
function build(
  rows: readonly (Partial<Read> & { texts: TextCell[] })[],
  given: Partial<RunRules> = {},
): LoadChunk {
  const chunk: LoadChunk = { runs: [], rejected: [], rows: 0, size: 0, endsPart: false };
  const builder = new RunBuilder(shape, { ...rules, ...given });
  for (const [index, row] of rows.entries()) {
    builder.add(chunk, row, index, { casts: undefined, needsEscape: false, ...row } as CellReader);
  }
  return chunk;
}

const said = ({ runs }: LoadChunk) =>
  runs.map(({ index, columns, rows, text: lines, cells }) => ({
    index,
    columns,
    rows: rows.length,
    written: lines ? Buffer.concat([...lines.blocks()]).toString() : cells,
  }));

describe('rows', () => {
  test('share a run while they name no new column; a default is said row by row, where there is one', () => {
    const chunk = build([
      { texts: ['1', 'x', undefined] },
      { texts: [undefined, undefined, undefined] },
      { texts: ['3', 'z', 'new'] },
      { texts: ['4', 'z', undefined] },
    ]);
    expect(said(chunk)).toEqual([
      { index: 0, columns: [0, 1], rows: 2, written: '1\tx\n\\D\t\\N\n' },
      { index: 2, columns: [0, 1, 2], rows: 2, written: '3\tz\tnew\n4\tz\t\\D\n' },
    ]);
    expect(chunk.runs.map(({ hasDefaults }) => hasDefaults)).toEqual([true, true]);
  });

  test('that need a default travel as cells where COPY can not say it', () => {
    const chunk = build([{ texts: ['1', 'x', 'y'] }, { texts: [undefined, 'x', 'y'] }], {
      canDefault: false,
    });
    expect(said(chunk).map(({ written }) => written)).toEqual(['1\tx\ty\n', [undefined, 'x', 'y']]);
  });

  test('that are cast travel as cells, apart from those that are cast otherwise', () => {
    const bools = [undefined, 'bool', undefined];
    const chunk = build([
      { texts: ['1', 'x', 'y'] },
      { texts: ['2', 'true', 'y'], casts: bools },
      { texts: ['3', 'false', 'y'], casts: [...bools] },
      { texts: ['4', '5', 'y'], casts: [undefined, 'int8', undefined] },
    ]);
    expect(chunk.runs.map(({ rows, casts }) => [rows.length, casts?.[1]])).toEqual([
      [1, undefined],
      [2, 'bool'],
      [1, 'int8'],
    ]);
  });

  test('that give nothing name a column all the same', () => {
    expect(said(build([{ texts: [undefined, undefined, undefined] }]))).toEqual([
      { index: 0, columns: [0], rows: 1, written: '\\D\n' },
    ]);
  });

  test('name a column whose keys are taken ahead', () => {
    const [run] = build([{ texts: [undefined, 'x', undefined] }], { canCopy: false, named: 0 }).runs;
    expect(run).toMatchObject({ columns: [0, 1], cells: [undefined, 'x'] });
  });

  test('are escaped where one of their texts needs it', () => {
    const chunk = build([{ texts: ['1', 'a\tb', undefined], needsEscape: true }]);
    expect(said(chunk)[0]?.written).toBe('1\ta\\tb\n');
  });
});

test('a chunk is full by its rows or by its size', () => {
  const chunk: LoadChunk = { runs: [], rejected: [], rows: 9, size: 0, endsPart: false };
  expect(isFull(chunk, 10)).toBe(false);
  expect(isFull({ ...chunk, rows: 10 }, 10)).toBe(true);
  expect(isFull({ ...chunk, size: 4 * 1024 * 1024 }, 10)).toBe(true);
});
