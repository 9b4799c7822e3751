import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { tableShape } from '../../../src/drizzle/table.ts';
import { type ColumnFacts, columnFacts } from '../../../src/facts/table-facts.ts';
import { KeyLists, keysOf } from '../../../src/plan/key-lists.ts';
import type { Entry } from '../../../src/take/entry.ts';
import type { KeyPlace } from '../../../src/take/key-run.ts';
import { refer } from '../../../src/take/ref.ts';
import { dialect, entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { anyBatch, checkPlans, keysTaken, plannedRows } from '../../support/planned.ts';
import { users } from '../../support/schema.ts';

describe('keys', () => {
  test('have places that count from 1 to the size of their list, rising in call order', () => {
    checkPlans(anyBatch, (plan, { entries }) => {
      const taken = [...keysTaken(plan, entries).values()].flat();
      for (const list of plan.lists) {
        const positions = taken.filter((place) => place.list === list).map(({ position }) => position);
        expect(positions).toEqual(Array.from({ length: list.size }, (_, index) => index + 1));
      }
      expect(new Set(plan.lists.map(({ name }) => name)).size).toBe(plan.lists.length);
    });
  });

  test('of one column rise in call order over all its lists, which are taken one after another', () => {
    checkPlans(anyBatch, (plan, { entries }) => {
      for (const places of keysTaken(plan, entries).values()) {
        const rank = ({ list, position }: KeyPlace) => plan.lists.indexOf(list) * 1_000 + position;
        expect(places.map(rank)).toEqual(places.map(rank).toSorted((a, b) => a - b));
      }
    });
  });

  test('have a list for each chunk that its limits end, so that none is parsed for another', () => {
    const entries = ['a', 'b', 'c'].map((name) => entryOf(users, { name }, { returning: [users.id] }));
    const { chunks, lists } = planOf(entries, { maxRows: 2 });
    expect(lists.map(({ name, size }) => [name, size])).toEqual([
      ['k0', 2],
      ['k1', 1],
    ]);
    const used = chunks.map(
      (chunk) => new Set(plannedRows(chunk).map(({ cells }) => (cells[0] as KeyPlace).list)),
    );
    expect(used).toEqual(lists.map((list) => new Set([list])));
  });
});

describe('the keys of an entry', () => {
  const facts = columnFacts(factsOf(users), tableShape(dialect, users), 0) as ColumnFacts;
  const three = () => entryOf(users, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  const take = (lists: KeyLists, entry: Entry, ...rows: number[]) =>
    rows.map((row) => lists.take(entry, row, 0, facts));
  const placesOf = (lists: KeyLists, entry: Entry, ...rows: number[]) =>
    rows.map((row) => lists.placeOf(refer(entry, 'id', row)));
  const tell = ({ all }: KeyLists, ...keys: string[][]) => {
    for (const [index, list] of all.entries()) list.keys = keys[index] ?? [];
  };
  const unplaced = expect.objectContaining({ code: 'BAD_REFERENCE' });

  test('are one run a column where each row takes one for several columns', () => {
    const lists = new KeyLists();
    const entry = three();
    for (const row of [0, 1, 2]) for (const column of [0, 1]) lists.take(entry, row, column, facts);
    expect(entry.allotted).toMatchObject({ column: 1, row: 0, count: 3 });
    expect(entry.allotted?.before).toMatchObject({ column: 0, row: 0, count: 3, before: undefined });
    tell(lists, ['1', '2', '3'], ['a', 'b', 'c']);
    expect([0, 1].map((column) => keysOf(entry, column).join(''))).toEqual(['123', 'abc']);
    expect([0, 1].map((column) => entry.key(1, column))).toEqual(['2', 'b']);
  });

  test('are one run where neighbouring rows have neighbouring keys', () => {
    const lists = new KeyLists();
    const entry = three();
    take(lists, three(), 0, 1);
    const [list] = take(lists, entry, 0, 1, 2);
    expect(entry.allotted).toEqual({ column: 0, row: 0, count: 3, list, position: 2, before: undefined });
    expect(placesOf(lists, entry, 2, 0)).toEqual([
      { list, position: 5 },
      { list, position: 3 },
    ]);
  });

  test('go around rows that have their own, which no reference leads to a key of', () => {
    const lists = new KeyLists();
    const entry = three();
    const [list] = take(lists, entry, 0, 2);
    expect(placesOf(lists, entry, 0, 2)).toEqual([
      { list, position: 1 },
      { list, position: 2 },
    ]);
    expect(() => placesOf(lists, entry, 1)).toThrow(unplaced);
    tell(lists, ['7', '8']);
    expect([0, 1, 2].map((row) => entry.key(row, 0))).toEqual(['7', undefined, '8']);
    expect(keysOf(entry, 0)).toEqual(['7', undefined, '8']);
  });

  test('of several columns do not mix, though they are taken row by row', () => {
    const both = pgTable('both', { one: serial('one'), two: serial('two') });
    const entry = entryOf(both, [{}, {}]);
    const { lists } = planOf([
      entry,
      ...['one', 'two'].map((key) => entryOf(users, { id: refer(entry, key, 1), name: key })),
    ]);
    expect(lists.map(({ column, size }) => [column, size])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    for (const [index, list] of lists.entries()) list.keys = [`${index}0`, `${index}1`];
    expect([0, 1].map((column) => keysOf(entry, column))).toEqual([
      ['00', '01'],
      ['10', '11'],
    ]);
    expect([0, 1].map((column) => entry.key(1, column))).toEqual(['01', '11']);
  });

  test('are in the list that grows when they are taken, a new one once others have ended it', () => {
    const lists = new KeyLists();
    const entry = three();
    const [first] = take(lists, entry, 0);
    lists.breakOff();
    const [second] = take(lists, entry, 1, 2);
    expect(lists.all).toEqual([first, second]);
    expect(placesOf(lists, entry, 0, 2)).toEqual([
      { list: first, position: 1 },
      { list: second, position: 2 },
    ]);
  });

  test('that are taken back are asked for no more, and those of an earlier flight stay', () => {
    const earlier = new KeyLists();
    const entry = three();
    take(earlier, entry, 0);
    tell(earlier, ['7']);
    const lists = new KeyLists();
    const before = take(lists, entry, 1, 2);
    lists.forget([entry]);
    expect(lists.all).toEqual([]);
    expect(() => placesOf(lists, entry, 2)).toThrow(unplaced);
    expect(earlier.all).toMatchObject([{ size: 1, keys: ['7'] }]);
    const again = take(lists, entry, 2);
    expect(lists.all).toEqual(again);
    expect(before).not.toContain(again[0]);
    tell(lists, ['8']);
    expect(keysOf(entry, 0)).toEqual(['7', undefined, '8']);
  });

  test('whose list the server has not told are given up with their flight, and no others', () => {
    const entry = three();
    const told = new KeyLists();
    take(told, entry, 0);
    tell(told, ['7']);
    take(new KeyLists(), entry, 1);
    entry.forgetValues();
    expect(entry.allotted).toMatchObject({ row: 0, count: 1, before: undefined });
    expect(entry.key(0, 0)).toBe('7');
    entry.forgetKeys();
    expect(entry.key(0, 0)).toBeUndefined();
  });
});

test('lists are no more than the key query can have columns', () => {
  const rows = Array.from({ length: 1_700 }, () => ({ name: 'a' }));
  const { lists } = planOf([entryOf(users, rows, { returning: [users.id] })], { maxRows: 1 });
  expect(lists.length).toBeGreaterThan(900);
  expect(lists.length).toBeLessThan(1_664);
  expect(lists.reduce((sum, { size }) => sum + size, 0)).toBe(1_700);
});

describe('two tables of the schema that are one in the database', () => {
  const one = pgTable('same', { id: serial('id'), text: text('text'), other: integer('other') });
  const two = pgTable('same', { other: serial('other'), text: text('text'), id: serial('id') });

  test('have lists of their own, since a column has another place in each', () => {
    const entries = [one, two].map((table) => entryOf(table, [{ text: 'a' }, { text: 'b' }]));
    for (const entry of entries) refer(entry, entry.shape.columns[0]?.key ?? '', 0);
    const { lists } = planOf(entries);
    expect(lists.map(({ shape, column }) => shape.columns[column]?.name)).toEqual(['id', 'other']);
  });

  test('have statements of their own, also in a cycle', () => {
    const entry = entryOf(one, { text: 'a', other: 1 });
    const other = entryOf(two, { text: 'b', id: refer(entry, 'id', 0) });
    const last = entryOf(one, { id: refer(other, 'other', 0), text: 'c', other: 2 });
    const { chunks } = planOf([entry, other, last]);
    expect(chunks.map((chunk) => chunk.entries)).toEqual([[entry], [other], [last]]);
  });
});
