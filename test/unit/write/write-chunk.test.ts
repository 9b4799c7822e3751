import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Statement } from '../../../src/driver/statement.ts';
import { Expression } from '../../../src/drizzle/render.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../../../src/plan/chunk.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { refer } from '../../../src/take/ref.ts';
import { canGuard } from '../../../src/write/values.ts';
import { isOwnStatement } from '../../../src/write/write-chunk.ts';
import { batches } from '../../support/arbitrary-entries.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { plannedRows } from '../../support/planned.ts';
import { readInsert } from '../../support/read-insert.ts';
import { addresses, users } from '../../support/schema.ts';
import { statementsOf } from '../../support/written.ts';

type Property = (statement: Statement, chunk: Chunk, plan: Plan) => void;

/** Checks a property of every statement of any batch, with a token and without. */
function check(property: Property, token?: string): void {
  fc.assert(
    fc.property(batches({ expression: 1 }), ({ entries, options }) => {
      const plan = planOf(entries, options);
      for (const [index, statement] of statementsOf(plan, { token }).entries())
        property(statement, plan.chunks[index] as Chunk, plan);
    }),
    { numRuns: 300 },
  );
}

/** A cell as `readInsert` returns it. */
function shown(cell: PlannedCell): string | null {
  if (cell === undefined) return 'default';
  if (isKeyPlace(cell)) return `${cell.list.name}[${cell.position}]`;
  return cell instanceof Expression ? `upper('${cell.rendered.params[0]}')` : (cell as string | null);
}

describe('a statement', () => {
  test.each([[undefined], ['token']])(
    'writes every cell of its chunk, row by row, with the token %s',
    (token) => {
      check((statement, chunk, { lists }) => {
        const read = readInsert(statement, lists);
        expect(read.rows).toHaveLength(chunk.size);
        for (const [index, { cells }] of plannedRows(chunk).entries()) {
          // A row with only defaults names no column. Several such rows have the word `default` for every
          // column.
          const names = read.columns.length > 0 ? read.columns : chunk.shape.columns.map(({ name }) => name);
          for (const [column, { name }] of chunk.shape.columns.entries()) {
            const written = read.rows[index]?.[names.indexOf(name)];
            expect(written === undefined ? 'default' : written).toBe(shown(cells[column]));
          }
        }
      }, token);
    },
  );

  test('has every value as a parameter, which is text or NULL, and none in its text', () => {
    check(({ text, params }) => {
      expect(params.every((param) => param === null || typeof param === 'string')).toBe(true);
      expect(text).not.toMatch(/secret|\d{7}/);
      const places = [...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place));
      expect([...new Set(places)].toSorted((a, b) => a - b)).toEqual(params.map((_, index) => index + 1));
    }, 'token');
  });

  test('parses a list of keys once, and demands that it has arrived whole', () => {
    check(({ text }, _, { lists }) => {
      for (const { name, size } of lists) {
        const isUsed = new RegExp(`\\b${name}\\.a\\[|from ${name}\\b`).test(
          text.replace(/ where case .*/s, ''),
        );
        expect(text.split(` ${name} as materialized (`)).toHaveLength(isUsed ? 2 : 1);
        expect(text.includes(`cardinality((select a from ${name})) = ${size} `)).toBe(isUsed);
      }
    }, 'token');
  });

  test('has no list to read where the client has the keys', () => {
    fc.assert(
      fc.property(batches(), ({ entries, options }) => {
        const plan = planOf(entries, options);
        for (const list of plan.lists)
          list.keys = Array.from({ length: list.size }, (_, index) => `${list.name}[${index + 1}]`);
        for (const [index, statement] of statementsOf(plan).entries()) {
          expect(statement.text).not.toContain('batched_drizzle.k');
          const { rows, columns } = readInsert(statement, plan.lists);
          const chunk = plan.chunks[index] as Chunk;
          const kept = chunk.shape.columns.map(({ name }) => columns.includes(name));
          if (columns.length > 0)
            expect(rows).toEqual(
              plannedRows(chunk).map(({ cells }) => cells.filter((_, at) => kept[at]).map(shown)),
            );
        }
      }),
    );
  });

  test('is guarded by the token of its flight, unless it is one that can not say so', () => {
    check(({ text, guarded }, chunk) => {
      expect(text.includes(` where case`)).toBe(guarded);
      expect(text.includes(`current_setting('batched_drizzle.t', true) = 'token'`)).toBe(guarded);
      if (canGuard(chunk)) expect(guarded).toBe(true);
      const isDefaults = plannedRows(chunk).every(({ cells }) => cells.every((cell) => cell === undefined));
      if (!guarded) expect(chunk.way === 'own' || isDefaults).toBe(true);
    }, 'token');
  });

  test('is not guarded by a token where there is none', () => {
    check(({ text, guarded }) => {
      expect(guarded).toBe(false);
      expect(text).not.toContain('batched_drizzle.t');
    });
  });

  test('takes OVERRIDING SYSTEM VALUE for keys taken ahead, and for callers who asked for it', () => {
    const sent = (entries: ReturnType<typeof entryOf>[]) =>
      statementsOf(planOf(entries)).map(({ text }) => text);
    const overriding = expect.stringContaining(' overriding system value ');
    const email = 'a';
    expect(sent([entryOf(addresses, [{ email }, { email }], { returning: [addresses.id] })])).toEqual([
      overriding,
    ]);
    expect(sent([entryOf(addresses, { id: 7, email }, { overriding: true })])).toEqual([overriding]);
    expect(sent([entryOf(addresses, [{ email }, { email }])])).not.toEqual([overriding]);
    expect(sent([entryOf(users, [{ name: 'a' }, { name: 'b' }], { returning: [users.id] })])).not.toEqual([
      overriding,
    ]);
  });

  test('leaves a value that a caller gave for GENERATED ALWAYS to fail', () => {
    check(({ text }, chunk) => {
      const { shape, facts } = chunk;
      const column = shape.columns.findIndex(({ name }) => facts?.columns.get(name)?.always);
      const isGiven = plannedRows(chunk).some(
        ({ entry, row }) => !entry.overriding && entry.cell(row, column) !== undefined,
      );
      if (isGiven) expect(text).not.toContain('overriding system value');
    });
  });

  test('leaves such a value to fail also beside a row whose key is referred to', () => {
    const parent = entryOf(addresses, [{ email: sql`upper('a')` }, { id: 7, email: 'b' }]);
    const child = entryOf(users, { id: refer(parent, 'id', 0) });
    const [insert] = statementsOf(planOf([parent, child]));
    expect(insert?.text).not.toContain('overriding system value');
  });
});

describe('a plan is one lone statement, which is a transaction by itself,', () => {
  const name = 'Ada';

  test.each([
    ['where it has one row', [entryOf(users, { name }, { returning: [users.id] })], true],
    ['where its rows are VALUES', [entryOf(users, [{ name: sql`upper('a')` }, { name }])], true],
    [
      'but not where its rows are unnested, which facts were used for',
      [entryOf(users, [{ name }, { name }])],
      false,
    ],
    [
      'nor where it has two statements',
      [entryOf(users, { name }), entryOf(addresses, { email: 'a' })],
      false,
    ],
    ['nor where it has none', [], false],
  ])('%s', (_, entries, expected) => {
    expect(isOwnStatement(planOf(entries))).toBe(expected);
  });

  test('nor where keys are taken, or something waits for its answer', () => {
    const child = (parent: ReturnType<typeof entryOf>) =>
      entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    const parent = entryOf(users, { name });
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const plan = planOf([parent, child(parent)], { facts: odd });
    expect(plan.chunks).toHaveLength(1);
    expect(isOwnStatement(plan)).toBe(false);
    const taken = entryOf(users, [{ name: sql`upper('a')` }, { name }]);
    refer(taken, 'id', 0);
    expect(isOwnStatement(planOf([taken]))).toBe(false);
  });
});
