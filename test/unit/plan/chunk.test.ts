import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../../src/plan/chunk.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf, type PlanOptions, planOf } from '../../support/entries.ts';
import { addresses, nodes, users } from '../../support/schema.ts';

const returned = { returning: [users.id] };
const chunkOf = (entries: readonly Entry[], options?: PlanOptions, at = 0): Chunk =>
  planOf(entries, options).chunks[at] as Chunk;
const usersOf = (...rows: object[]) => entryOf(users, rows, returned);

describe('a column of a chunk has a whole list', () => {
  test('where its rows have every key of it, in order, whoever gave them', () => {
    const entries = [usersOf({ name: 'a' }, { name: 'b' }), usersOf({ name: 'c' })];
    const { chunks, lists } = planOf(entries);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.wholeList(0)).toBe(lists[0]);
    expect(lists[0]).toMatchObject({ size: 3 });
    expect(chunks[0]?.wholeList(1)).toBeUndefined();
  });

  test.each([
    ['first', [7, undefined, undefined]],
    ['between', [undefined, 7, undefined]],
    ['last', [undefined, undefined, 7]],
  ])('but not where a row has its own key, being the %s', (_, ids) => {
    const chunk = chunkOf([usersOf(...ids.map((id) => ({ id, name: 'a' })))]);
    expect(chunk.size).toBe(3);
    expect(chunk.wholeList(0)).toBeUndefined();
  });

  test('but not where rows of another statement have keys of it, too', () => {
    const { chunks, lists } = planOf([usersOf({ name: 'a' }), usersOf({}), usersOf({ name: 'b' })]);
    expect(lists).toHaveLength(1);
    expect(chunks.map((chunk) => chunk.wholeList(0))).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['first', [{ id: 7, name: 'a' }, { name: 'b' }]],
    ['last', [{ name: 'b' }, { id: 7, name: 'a' }]],
  ])('nor where such a key makes up the number for the row with its own, being the %s', (_, rows) => {
    const { chunks, lists } = planOf([usersOf(...rows), usersOf({})]);
    expect(lists).toMatchObject([{ size: 2 }]);
    expect(chunks.map((chunk) => [chunk.size, chunk.wholeList(0)])).toEqual([
      [2, undefined],
      [1, undefined],
    ]);
  });

  test.each([
    ['of every row of a list, in order, lead to it', [0, 1, 2], true],
    ['in another order do not', [1, 0, 2], false],
    ['to some of its rows do not', [0, 1], false],
    ['to a row more than once do not', [0, 1, 2, 2], false],
  ])('and references %s', (_, rows, expected) => {
    const parent = entryOf(users, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const children = rows.map((row) => ({ email: 'a', userId: refer(parent, 'id', row) }));
    const { chunks, lists } = planOf([parent, entryOf(addresses, children)]);
    expect(chunks[1]?.wholeList(2)).toBe(expected ? lists[0] : undefined);
  });

  test('but not where some of those references lead to another list', () => {
    const parents = [users, nodes].map((table) =>
      entryOf(table, [
        { name: 'a', label: 'a' },
        { name: 'b', label: 'b' },
      ]),
    );
    const children = parents.map((parent, row) => ({ email: 'a', userId: refer(parent, 'id', row) }));
    const { chunks, lists } = planOf([...parents, entryOf(addresses, children)]);
    const own = chunks.find(({ shape }) => shape.table === addresses);
    expect(lists).toHaveLength(2);
    expect([0, 1].map((row) => own?.cell(row, 2))).toEqual([
      { list: lists[0], position: 1 },
      { list: lists[1], position: 2 },
    ]);
    expect(own?.wholeList(2)).toBeUndefined();
  });
});

test('rows of a chunk have keys of one list after the other, where another chunk has ended the first', () => {
  const entries = [{ name: 'a' }, { name: 'b' }, { name: 'c' }, {}].map((row) => usersOf(row));
  const { chunks, lists } = planOf(entries, { maxRows: 2 });
  const keys = chunks.map((chunk) => chunk.rows.map((_, row) => chunk.cell(row, 0)));
  expect(lists.map(({ size }) => size)).toEqual([2, 2]);
  expect(keys).toEqual([
    [
      { list: lists[0], position: 1 },
      { list: lists[0], position: 2 },
    ],
    [{ list: lists[1], position: 1 }],
    [{ list: lists[1], position: 2 }],
  ]);
  expect(chunks[1]?.wholeList(0)).toBeUndefined();
});

describe('a chunk', () => {
  test('gives a column that some row has something for, and omits one that some row leaves out', () => {
    const chunk = chunkOf([
      entryOf(addresses, [{ email: 'a' }, { email: sql`upper('b')`, userId: null }, { email: 'c' }]),
    ]);
    expect([0, 1, 2].map((column) => chunk.gives(column))).toEqual([false, true, true]);
    expect([0, 1, 2].map((column) => chunk.omits(column))).toEqual([true, false, true]);
  });

  test('gives a column whose keys are taken ahead, and omits it no more', () => {
    const chunk = chunkOf([usersOf({ name: 'a' }, { name: 'b' })]);
    expect([chunk.gives(0), chunk.omits(0)]).toEqual([true, false]);
    const left = chunkOf([entryOf(users, [{ name: 'a' }, { name: 'b' }])]);
    expect([left.gives(0), left.omits(0)]).toEqual([false, true]);
  });

  test('gives a column that only refers to rows', () => {
    const parent = entryOf(users, [{ name: 'a' }, { name: 'b' }]);
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 1) });
    const chunk = chunkOf([parent, child], {}, 1);
    expect([chunk.gives(2), chunk.omits(2)]).toEqual([true, false]);
  });

  test('has each cell as its entry has it, beside what its statement has for it', () => {
    const parent = entryOf(users, [{ name: 'a' }, { name: 'b' }]);
    const ref = refer(parent, 'id', 1);
    const child = entryOf(addresses, { email: 'a', userId: ref });
    const { chunks, lists } = planOf([parent, child]);
    const [first, second] = chunks as [Chunk, Chunk];
    expect([first.given(1, 0), first.given(1, 1)]).toEqual([undefined, 'b']);
    expect([first.cell(1, 0), first.cell(1, 1)]).toEqual([{ list: lists[0], position: 2 }, 'b']);
    expect(second.given(0, 2)).toBe(ref);
    expect(second.cell(0, 2)).toEqual({ list: lists[0], position: 2 });
  });
});
