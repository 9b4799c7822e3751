import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry.ts';
import { Expression } from '../../src/expression.ts';
import { refer } from '../../src/reference.ts';
import { columnFacts, type TableFacts } from '../../src/table-facts.ts';
import { entryOf, planOf } from '../support/entries.ts';
import { factsOf, withColumn } from '../support/facts.ts';
import { anyBatch, checkPlans, plannedRows } from '../support/planned.ts';
import { addresses, logs, users } from '../support/schema.ts';

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
      expect(chunks).toMatchObject([{ alone: true, told: new Set([0]) }]);
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
    expect(planOf([referred, child])).toMatchObject({ lists: [], chunks: [{ told: new Set([0]) }] });
    // Where others of its table have theirs taken, so has this one, but it may not come to be used.
    const others = ['Cyd', 'Dan'].map((name) => entryOf(users, { name }, { returning: [users.id] }));
    expect(planOf([referred, child, ...others]).chunks[0]).toMatchObject({ told: new Set([0]) });
  });

  test('that were taken are not told once more', () => {
    const referred = entryOf(users, [{ name: sql`upper('a')` }, { name: 'Bob' }]);
    refer(referred, 'id', 0);
    expect(planOf([referred])).toMatchObject({ lists: [{ size: 2 }], chunks: [{ told: new Set() }] });
  });

  test('that the role has no leave to take ahead are told by the written row, which then stands alone', () => {
    const identity = withColumn(factsOf(addresses), 'id', { keys: null });
    const [referred, other] = ['a', 'b'].map((email) => entryOf(addresses, { email })) as [Entry, Entry];
    const child = entryOf(users, { id: refer(referred, 'id', 0), name: 'Ada' });
    const { chunks, later } = planOf([referred, other, child], { facts: new Map([[addresses, identity]]) });
    expect(later).toEqual([child]);
    expect(chunks[0]).toMatchObject({ alone: true, told: new Set([0]), entries: [referred] });
  });

  test('that nobody can take ahead are told by the written row, where somebody refers to them', () => {
    const referred = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(referred, 'id', 0) });
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const { chunks } = planOf([referred, entryOf(users, { name: 'Bob' }), child], { facts: odd });
    expect(chunks.map(({ told }) => [...told])).toEqual([[0], []]);
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
    return chunks.find(({ first }) => first === entry)?.alone;
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
    expect(chunks.map(({ alone }) => alone)).toEqual([true, true]);
  });

  test('only then', () => {
    expect(aloneIn(other())).toBe(false);
    expect(aloneIn(entryOf(users, { name: 'a' }, { returning: [users.name] }))).toBe(false);
    expect(aloneIn(entryOf(logs, twoLogs))).toBe(false);
  });

  test('of all that any batch holds', () => {
    checkPlans(anyBatch, ({ chunks, identifiers, later }) => {
      const isLone = chunks.length === 1 && chunks[0]?.size === 1 && later.length === 0;
      for (const { alone, entries, facts, shape } of chunks) {
        for (const entry of entries) {
          if (entry.conflict) continue;
          const isOdd = !facts?.plain || entry.cells.some(isExpression);
          const isUntold = entry.returning !== undefined && !identifiers.has(shape.table);
          expect(alone).toBe(isOdd || isUntold || isLone);
        }
      }
    });
  });
});

const isExpression = (cell: unknown) => cell instanceof Expression;
