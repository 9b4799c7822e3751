import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import type { KeyPlace } from '../../src/key-lists.ts';
import { refer } from '../../src/reference.ts';
import { entryOf, planOf } from '../support/entries.ts';
import { anyBatch, checkPlans, keysTaken, plannedRows } from '../support/planned.ts';
import { users } from '../support/schema.ts';

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
