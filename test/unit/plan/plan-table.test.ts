import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { Expression } from '../../../src/drizzle/render.ts';
import { columnFacts, type TableFacts } from '../../../src/facts/table-facts.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf, withColumn } from '../../support/facts.ts';
import { anyBatch, checkPlans, plannedRows } from '../../support/planned.ts';
import { addresses, logs, users } from '../../support/schema.ts';

describe('keys', () => {
  test('are taken ahead for all rows of a table that several statements write', () => {
    checkPlans(anyBatch, ({ chunks }) => {
      for (const chunk of chunks) {
        const { shape, facts } = chunk;
        if (!facts?.plain || chunks.filter((other) => other.shape === shape).length < 2) continue;
        for (const { cells } of plannedRows(chunk)) {
          for (const [column, cell] of cells.entries())
            if (columnFacts(facts, shape, column)?.keys) expect(cell).not.toBeUndefined();
        }
      }
    });
  });

  test('are not taken where nobody needs them', () => {
    const entries = [entryOf(users, { name: 'Ada' }), entryOf(users, { name: 'Bob' })];
    expect(planOf(entries).lists).toEqual([]);
    expect(planOf([entryOf(users, { name: 'Ada' }, { returning: [users.id] })]).lists).toEqual([]);
  });

  test('are taken for rows that are returned or referred to', () => {
    const returned = ['Ada', 'Bob'].map((name) => entryOf(users, { name }, { returning: [users.name] }));
    expect(planOf(returned).lists).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
    const parent = entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }]);
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 1) });
    expect(planOf([parent, child]).lists).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
  });

  test('are taken for rows that may be named later, unless they may not be seen', () => {
    const entries = [entryOf(users, { name: 'Ada' }), entryOf(users, { name: 'Bob' })];
    const taken = (facts: TableFacts) =>
      planOf(entries, { mayBeNamed: true, facts: new Map([[users, facts]]) }).lists;
    expect(taken(factsOf(users))).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
    expect(taken(factsOf(users, { secured: true }))).toEqual([]);
    expect(taken(factsOf(users, { plain: false }))).toEqual([]);
    expect(taken(withColumn(factsOf(users), 'id', { selectable: false }))).toEqual([]);
  });

  test('are told by a row that is all there is, which then needs no key query', () => {
    const referred = entryOf(users, { name: 'Ada' });
    refer(referred, 'id', 0);
    for (const { lists, chunks } of [
      planOf([referred]),
      planOf([entryOf(users, { name: 'Ada' })], { mayBeNamed: true }),
    ]) {
      expect(lists).toEqual([]);
      expect(chunks).toMatchObject([{ way: 'own', returnedColumns: new Set([0]) }]);
    }
  });

  test('are taken for such a row where the role may not select them', () => {
    const secured = factsOf(users, { secured: true });
    const hidden = withColumn(factsOf(users), 'id', { selectable: false });
    for (const facts of [secured, hidden]) {
      const referred = entryOf(users, { name: 'Ada' });
      refer(referred, 'id', 0);
      expect(planOf([referred], { facts: new Map([[users, facts]]) }).lists).toHaveLength(1);
    }
  });

  test('are told by a row that a conflict clause may make another row of, not taken', () => {
    const referred = entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }], { conflict: sql`do nothing` });
    const child = entryOf(addresses, { email: 'a', userId: refer(referred, 'id', 0) });
    expect(planOf([referred, child])).toMatchObject({
      lists: [],
      chunks: [{ returnedColumns: new Set([0]) }],
    });
    // If other entries of the table take keys, this one takes some too, but they may not be used.
    const others = ['Cyd', 'Dan'].map((name) => entryOf(users, { name }, { returning: [users.id] }));
    expect(planOf([referred, child, ...others]).chunks[0]).toMatchObject({ returnedColumns: new Set([0]) });
  });

  test('that were taken are not told once more', () => {
    const referred = entryOf(users, [{ name: sql`upper('a')` }, { name: 'Bob' }]);
    refer(referred, 'id', 0);
    expect(planOf([referred])).toMatchObject({
      lists: [{ size: 2 }],
      chunks: [{ returnedColumns: new Set() }],
    });
  });

  test('that the role has no leave to take ahead are told by the written row, which then stands alone', () => {
    const identity = withColumn(factsOf(addresses), 'id', { keys: null });
    const [referred, other] = ['a', 'b'].map((email) => entryOf(addresses, { email })) as [Entry, Entry];
    const child = entryOf(users, { id: refer(referred, 'id', 0), name: 'Ada' });
    const { chunks, later } = planOf([referred, other, child], { facts: new Map([[addresses, identity]]) });
    expect(later).toEqual([child]);
    expect(chunks[0]).toMatchObject({ way: 'own', returnedColumns: new Set([0]), entries: [referred] });
  });

  test('that nobody can take ahead are told by the written row, where somebody refers to them', () => {
    const referred = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(referred, 'id', 0) });
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const { chunks } = planOf([referred, entryOf(users, { name: 'Bob' }), child], { facts: odd });
    expect(chunks.map(({ returnedColumns }) => [...returnedColumns])).toEqual([[0], []]);
  });

  test('are not taken from a table that is not plain or not there, or without leave to', () => {
    const parent = () => entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }], { returning: [users.id] });
    const odd = factsOf(users, { plain: false });
    const forbidden = withColumn(factsOf(users), 'id', { keys: null });
    for (const facts of [odd, forbidden, undefined])
      expect(planOf([parent()], { facts: new Map([[users, facts]]) }).lists).toEqual([]);
  });
});

describe('an entry stands alone', () => {
  const other = () => entryOf(users, { name: 'other' });
  const aloneIn = (entry: Entry, facts?: ReturnType<typeof factsOf>) => {
    const known = facts ? new Map([[entry.shape.table, facts]]) : new Map();
    const extra = entry.shape.table === users ? [other()] : [];
    const { chunks } = planOf([entry, ...extra], { facts: known });
    return chunks.find(({ first }) => first === entry)?.way === 'own';
  };
  const twoLogs = [
    { level: 'info', message: 'a' },
    { level: 'info', message: 'b' },
  ];

  test.each([
    ['with a conflict clause', entryOf(users, { name: 'a' }, { conflict: sql`do nothing` })],
    ['with an expression', entryOf(users, { name: sql`upper('a')` })],
    ['that returns an expression', entryOf(users, { name: 'a' }, { returning: [sql`1`] })],
    ['that returns rows which no column tells apart', entryOf(logs, twoLogs, { returning: [logs.level] })],
  ])('%s', (_, entry) => {
    expect(aloneIn(entry)).toBe(true);
  });

  test('that gives a value of a type which the role may not name', () => {
    const facts = withColumn(factsOf(users), 'name', { castable: false });
    expect(aloneIn(other(), facts)).toBe(true);
    expect(aloneIn(entryOf(users, { id: 7 }), facts)).toBe(false);
  });

  test('that returns a column which the database does not have', () => {
    const columns = new Map([...factsOf(users).columns].filter(([name]) => name !== 'name'));
    const entry = entryOf(users, {}, { returning: [users.name] });
    expect(aloneIn(entry, factsOf(users, { columns }))).toBe(true);
  });

  test('of a table that is not plain', () => {
    expect(aloneIn(other(), factsOf(users, { plain: false }))).toBe(true);
  });

  test('of a table that the server does not have', () => {
    const { chunks } = planOf([other(), other()], { facts: new Map([[users, undefined]]) });
    expect(chunks.map(({ way }) => way)).toEqual(['own', 'own']);
  });

  test('only then', () => {
    expect(aloneIn(other())).toBe(false);
    expect(aloneIn(entryOf(users, { name: 'a' }, { returning: [users.name] }))).toBe(false);
    expect(aloneIn(entryOf(logs, twoLogs))).toBe(false);
  });

  test('whose rows leave out different columns, so that it remains one statement', () => {
    const mixed = entryOf(users, [{ name: 'a' }, { id: 7 }]);
    expect(aloneIn(mixed)).toBe(true);
    // Keys are taken for the rows that leave them out, so that all give the same columns.
    expect(aloneIn(entryOf(users, [{ name: 'a' }, { id: 7, name: 'b' }]))).toBe(false);
  });

  test('of all that any batch holds', () => {
    checkPlans(anyBatch, ({ chunks, sentinelColumns, later }) => {
      const isLone = chunks.length === 1 && chunks[0]?.size === 1 && later.length === 0;
      for (const { way, entries, facts, shape } of chunks) {
        for (const entry of entries) {
          if (entry.conflict) continue;
          const isOdd = !facts?.plain || entry.cells.some(isExpression);
          const isUntold = entry.returning !== undefined && !sentinelColumns.has(shape.table);
          expect(way === 'own').toBe(isOdd || isUntold || isLone || layoutsOf(entry, chunks).size > 1);
        }
      }
    });
  });
});

describe('rows are copied', () => {
  const copied = (entries: Entry[], facts: TableFacts = factsOf(users), copyRows = 3) =>
    planOf(entries, { copyRows, facts: new Map([[users, facts]]) }).chunks.map(
      (chunk) => chunk.way === 'copied',
    );
  const rows = (count: number, row: object = { name: 'a' }) => Array.from({ length: count }, () => row);
  const ids = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: 'a' }));
  const of = (count: number, options: Parameters<typeof entryOf>[2] = {}) =>
    entryOf(users, rows(count), options);

  test('from copyRows on, counted over all entries of their table', () => {
    expect(copied([of(2)])).toEqual([false]);
    expect(copied([of(3)])).toEqual([true]);
    expect(copied([of(2), of(1)])).toEqual([true]);
    expect(copied([of(3)], factsOf(users), Infinity)).toEqual([false]);
  });

  test('all by one statement, whatever the limits of an INSERT', () => {
    const plan = planOf([of(50)], { copyRows: 3, maxRows: 4, maxBytes: 10 });
    expect(plan.chunks).toMatchObject([{ way: 'copied', size: 50 }]);
  });

  test('unless they are few that give other columns than the rest, and fit into an INSERT', () => {
    const entries = [entryOf(logs, { level: 'a', message: 'b' }), of(3)];
    const odd = [{ email: 'a' }, { email: 'b' }, { email: 'c' }, { email: 'd', userId: 1 }];
    expect(copied(entries)).toEqual([false, true]);
    const each = (given: object[]) => given.map((row) => entryOf(addresses, row));
    const plan = planOf(each(odd), { copyRows: 3 });
    expect(plan.chunks).toMatchObject([
      { way: 'copied', size: 3 },
      { way: 'shared', size: 1 },
    ]);
    const longer = odd.map((row) => ({ ...row, email: 'a'.repeat(1_000) }));
    const large = planOf(each(longer), { copyRows: 3, maxBytes: 999 });
    expect(large.chunks).toMatchObject([{ way: 'copied' }, { way: 'copied' }]);
  });

  test('where nothing is asked back but what tells them apart', () => {
    expect(copied([of(3, { returning: [users.id] })])).toEqual([true]);
    expect(copied([of(3, { returning: [users.id, users.id] })])).toEqual([true]);
    expect(copied([entryOf(users, ids(3), { returning: [users.id] })])).toEqual([true]);
    expect(copied([of(3, { returning: [users.name] })])).toEqual([false]);
    expect(copied([of(3, { returning: [users.id, users.name] })])).toEqual([false]);
    expect(copied([of(3), of(1, { returning: [users.name] })])).toEqual([false]);
    expect(copied([of(3, { returning: [sql`1`] })])).toEqual([false]);
    const unseen = withColumn(factsOf(users), 'id', { selectable: false });
    expect(copied([of(3, { returning: [users.id] })], unseen)).toEqual([false]);
  });

  test('where no conflict clause is among them', () => {
    const entries = [of(3), of(1, { conflict: sql`do nothing` })];
    expect(copied(entries)).toEqual([false, false]);
  });

  test('where the server takes their table as it stands', () => {
    expect(copied([of(3)], factsOf(users, { secured: true }))).toEqual([false]);
    expect(copied([of(3)], factsOf(users, { plain: false }))).toEqual([false]);
  });

  test('where no value is given for a column that is GENERATED ALWAYS', () => {
    const emails = (count: number, row = {}) => entryOf(addresses, rows(count, { email: 'a', ...row }));
    const chunks = (entries: Entry[]) =>
      planOf(entries, { copyRows: 3 }).chunks.map((chunk) => chunk.way === 'copied');
    expect(chunks([emails(3)])).toEqual([true]);
    expect(chunks([emails(3), emails(1, { id: 7 })])).not.toContain(true);
    expect(chunks([entryOf(addresses, rows(3, { id: 7, email: 'a' }), { overriding: true })])).toEqual([
      false,
    ]);
  });

  test('but for those that stand alone', () => {
    expect(copied([of(3), entryOf(users, { name: sql`upper('a')` })])).toEqual([true, false]);
  });
});

/** Which columns the rows of an entry give to the statements, and of those that are GENERATED ALWAYS by whom. */
function layoutsOf(entry: Entry, chunks: Plan['chunks']): Set<string> {
  const layouts = chunks.flatMap((chunk) =>
    plannedRows(chunk)
      .filter((planned) => planned.entry === entry)
      .map(({ row, cells }) =>
        cells.map((cell, column) => {
          const isAlways = columnFacts(chunk.facts, entry.shape, column)?.always;
          return `${cell !== undefined} ${isAlways === true && entry.cell(row, column) !== undefined}`;
        }),
      ),
  );
  return new Set(layouts.map(String));
}

const isExpression = (cell: unknown) => cell instanceof Expression;
