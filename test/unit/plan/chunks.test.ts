import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { columnFacts } from '../../../src/facts/table-facts.ts';
import { isKeyPlace } from '../../../src/plan/chunk.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type Entry, Reference } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { anyBatch, checkPlans, plannedRows, rowName, rowNames } from '../../support/planned.ts';
import { addresses, users } from '../../support/schema.ts';

describe('chunks', () => {
  test('hold every row exactly once, unless its whole entry has to wait', () => {
    checkPlans(anyBatch, ({ chunks, later }, { entries }) => {
      const planned = chunks.flatMap((chunk) => rowNames(chunk, entries));
      const expected = entries
        .filter((entry) => !later.includes(entry))
        .flatMap((entry) => Array.from({ length: entry.count }, (_, row) => rowName(entries, entry, row)));
      expect(planned.toSorted((a, b) => a - b)).toEqual(expected);
    });
  });

  test('hold rows of one table, in call order', () => {
    checkPlans(anyBatch, ({ chunks }, { entries }) => {
      for (const chunk of chunks) {
        expect(chunk.entries.every(({ shape }) => shape === chunk.shape)).toBe(true);
        const names = rowNames(chunk, entries);
        expect(names).toEqual(names.toSorted((a, b) => a - b));
      }
    });
  });

  test('keep to the limits, unless an entry stands alone', () => {
    checkPlans(anyBatch, ({ chunks }, { options: { maxRows = 0, maxBytes = 0 } }) => {
      for (const { way, size, bytes } of chunks) {
        if (way === 'own') continue;
        expect(size).toBeLessThanOrEqual(maxRows);
        expect(bytes - 10, 'before its last row').toBeLessThan(maxBytes);
        expect(bytes).toBeCloseTo(size * 10);
      }
    });
  });

  test('hold one entry, whole, where they stand alone', () => {
    checkPlans(anyBatch, ({ chunks }) => {
      for (const chunk of chunks) {
        if (chunk.way !== 'own') continue;
        expect(new Set(chunk.entries)).toEqual(new Set([chunk.first]));
        expect(chunk.size).toBe(chunk.first.count);
      }
    });
  });

  test('hold no more of an entry that stands alone than the protocol has parameters for', () => {
    const rows = Array.from({ length: 30_000 }, (_, id) => ({ id, name: id === 0 ? sql`upper('a')` : 'a' }));
    const sizes = (entry: Entry) => planOf([entry]).chunks.map(({ size }) => size);
    expect(sizes(entryOf(users, rows))).toEqual([25_001, 4_999]);
    // A conflict clause applies to all rows of its statement, so they are not split.
    expect(sizes(entryOf(users, rows, { conflict: sql`do nothing` }))).toEqual([30_000]);
  });

  test('hold rows that leave the same columns to the database, and take OVERRIDING alike', () => {
    checkPlans(anyBatch, ({ chunks }) => {
      for (const chunk of chunks) {
        if (chunk.way === 'own') continue;
        const kinds = plannedRows(chunk).map(({ entry, cells }) =>
          JSON.stringify([entry.overriding, ...cells.map((cell) => cell === undefined)]),
        );
        expect(new Set(kinds).size).toBe(1);
      }
    });
  });

  test('are as few as their limits allow for rows alike', () => {
    const entries = Array.from({ length: 7 }, (_, index) => entryOf(users, { name: `${index}` }));
    expect(planOf(entries).chunks).toHaveLength(1);
    expect(planOf(entries, { maxRows: 3 }).chunks.map(({ size }) => size)).toEqual([3, 3, 1]);
    expect(planOf(entries, { maxBytes: 2 }).chunks.map(({ size }) => size)).toEqual([2, 2, 2, 1]);
  });
});

describe('cells', () => {
  test('are what the row has for each column: its text, its expression, or the place of a key', () => {
    checkPlans(anyBatch, ({ chunks, lists }) => {
      for (const chunk of chunks) {
        for (const { entry, row, cells } of plannedRows(chunk)) {
          for (const [column, cell] of cells.entries()) {
            const given = entry.cell(row, column);
            if (given instanceof Reference) expect(isKeyPlace(cell)).toBe(true);
            else if (given !== undefined) expect(cell).toBe(given);
            else expect(cell === undefined || isKeyPlace(cell)).toBe(true);
            if (isKeyPlace(cell)) expect(lists).toContain(cell.list);
          }
        }
      }
    });
  });

  test('of a reference have the very key that its parent row is written with', () => {
    checkPlans(anyBatch, ({ chunks }, { entries }) => {
      const rows = chunks.flatMap(plannedRows);
      const written = new Map(rows.map((each) => [rowName(entries, each.entry, each.row), each.cells]));
      for (const { entry, row, cells } of rows) {
        for (const [column, cell] of cells.entries()) {
          const given = entry.cell(row, column);
          if (!(given instanceof Reference)) continue;
          const source = given.origin;
          expect(cell).toEqual(written.get(rowName(entries, source.entry, source.row))?.[source.column]);
        }
      }
    });
  });
});

describe('GENERATED ALWAYS', () => {
  const mixed = () => [entryOf(addresses, { email: 'taken' }), entryOf(addresses, { id: 7, email: 'given' })];

  test('rows that give a value and rows whose key is taken ahead go apart', () => {
    const parents = mixed();
    const child = entryOf(users, { id: refer(parents[0] as Entry, 'id', 0) });
    const { chunks } = planOf([...parents, child]);
    const own = chunks.filter(({ shape }) => shape.table === addresses);
    expect(own.map((chunk) => chunk.entries)).toEqual(parents.map((entry) => [entry]));
  });

  test('a value that a row gives never shares a statement with a key taken for another caller', () => {
    checkPlans(anyBatch, ({ chunks }) => {
      for (const chunk of chunks) {
        const { way, shape, facts } = chunk;
        if (way === 'own') continue;
        const column = shape.columns.findIndex((_, index) => columnFacts(facts, shape, index)?.always);
        const isGiven = plannedRows(chunk)
          .filter(({ entry, cells }) => !entry.overriding && cells[column] !== undefined)
          .map(({ entry, row }) => entry.cell(row, column) !== undefined);
        expect(new Set(isGiven).size).toBeLessThan(2);
      }
    });
  });
});

test('rows of a secured table are apart where they are returned, since RETURNING asks for more', () => {
  const entries = [
    entryOf(users, { name: 'a' }),
    entryOf(users, { name: 'b' }, { returning: [users.id] }),
    entryOf(users, { name: 'c' }),
  ];
  const rowsOf = ({ chunks }: Plan) =>
    chunks.map((chunk) => chunk.entries.map((entry) => entries.indexOf(entry)));
  expect(rowsOf(planOf(entries))).toEqual([[0, 1, 2]]);
  const secured = new Map([[users, factsOf(users, { secured: true })]]);
  expect(rowsOf(planOf(entries, { facts: secured }))).toEqual([[0], [1], [2]]);
});
