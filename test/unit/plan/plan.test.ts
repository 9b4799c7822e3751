import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { foreignTables } from '../../../src/drizzle/table.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { batches } from '../../support/arbitrary-entries.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { anyBatch, checkPlans, plannedRows, rowName, rowNames } from '../../support/planned.ts';
import { addresses, nodes, users } from '../../support/schema.ts';

describe('the order of chunks', () => {
  test('has every row behind the rows that it refers to', () => {
    checkPlans(anyBatch, ({ chunks }, { entries }) => {
      const at = new Map(
        chunks.flatMap((chunk, index) => rowNames(chunk, entries).map((name) => [name, index])),
      );
      for (const [index, chunk] of chunks.entries()) {
        for (const entry of chunk.entries) {
          for (const { entry: parent, row } of entry.references.map((reference) => reference.origin))
            expect(at.get(rowName(entries, parent, row))).toBeLessThanOrEqual(index);
        }
      }
    });
  });

  test('has the tables that foreign keys point at before those that point', () => {
    checkPlans(batches({ reference: 0 }), ({ chunks }) => {
      // It is not known which tables a trigger reads, so such tables keep all others in call order.
      if (chunks.some(({ facts }) => facts?.plain === false)) return;
      for (const [index, child] of chunks.entries()) {
        for (const later of chunks.slice(index + 1)) {
          if (later.shape === child.shape) continue;
          expect(foreignTables(child.shape.table)).not.toContain(later.shape.table);
        }
      }
    });
  });

  test('is the call order for a table that points at itself, and where entries stand alone', () => {
    checkPlans(batches({ expression: 2, reference: 0 }), ({ chunks }, { entries }) => {
      for (const table of new Set(chunks.map(({ shape }) => shape.table))) {
        const own = chunks.filter(({ shape }) => shape.table === table);
        if (table !== nodes && !own.some(({ way }) => way === 'own')) continue;
        const names = own.flatMap((chunk) => rowNames(chunk, entries));
        expect(names).toEqual(names.toSorted((a, b) => a - b));
      }
    });
  });

  test.each([
    ['reads by a subquery', entryOf(users, { name: sql`(select 'a')` })],
    [
      'reads by a subquery on conflict',
      entryOf(users, {}, { conflict: sql`(id) do update set name = (SELECT 1)` }),
    ],
    ['returns an expression', entryOf(users, {}, { returning: [sql`1`] })],
  ])('is the call order for all tables where one %s', (_, reading) => {
    const order = [entryOf(addresses, { email: 'a' }), reading, entryOf(addresses, { email: 'b' })];
    expect(planOf(order).chunks.map(({ first }) => first)).toEqual(order);
  });

  test('is the call order for all tables where one is not plain, since triggers may read any of them', () => {
    const order = [
      entryOf(addresses, { email: 'a' }),
      entryOf(users, {}),
      entryOf(addresses, { email: 'b' }),
    ];
    const facts = new Map([[users, factsOf(users, { plain: false })]]);
    expect(planOf(order, { facts }).chunks.map(({ first }) => first)).toEqual(order);
  });

  test('is the call order for tables in a cycle, which references can form', () => {
    const user = entryOf(users, { name: 'Ada' });
    const address = entryOf(addresses, { email: 'a', userId: refer(user, 'id', 0) });
    const namesake = entryOf(users, { id: refer(address, 'id', 0), name: 'Bob' });
    const order = [user, address, namesake, entryOf(addresses, { email: 'b' })];
    expect(planOf(order).chunks.map(({ first }) => first)).toEqual(order);
  });
});

describe('what waits for the next flight', () => {
  test('is what refers to a key that only the written row can tell, and all behind it', () => {
    const odd = factsOf(users, { plain: false });
    const parent = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    const grandchild = entryOf(nodes, { parentId: refer(child, 'id', 0), label: 'x' });
    const other = entryOf(addresses, { email: 'b' });
    const { chunks, later } = planOf([parent, child, grandchild, other], { facts: new Map([[users, odd]]) });
    expect(later).toEqual([child, grandchild, other]);
    expect(chunks.flatMap((chunk) => chunk.entries)).toEqual([parent]);
  });

  test('is what refers to a row that a conflict clause may leave out, or make another row of', () => {
    const name = 'Ada';
    for (const conflict of [sql`do nothing`, sql`("name") do update set "name" = ${name}`]) {
      const parent = entryOf(users, { name }, { conflict });
      const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
      expect(planOf([parent, child]).later).toEqual([child]);
    }
  });

  test('is nothing once the key is known', () => {
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const parent = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    parent.rememberValue(0, 0, '7');
    const { chunks, later } = planOf([parent, child], { facts: odd });
    expect(later).toEqual([]);
    expect(chunks.flatMap(plannedRows)[1]?.cells).toEqual([undefined, 'a', '7']);
  });

  test('is no parent of what waits, nor any table beside it', () => {
    const upserts = ['Ada', 'Bob'].map((name) => entryOf(users, { name }, { conflict: sql`do nothing` }));
    const children = upserts.map((parent) => entryOf(addresses, { userId: refer(parent, 'id', 0) }));
    const node = entryOf(nodes, { label: 'x' });
    const [ada, bob, ofAda, ofBob] = [...upserts, ...children] as [Entry, Entry, Entry, Entry];
    expect(planOf([ada, ofAda, bob, node, ofBob]).later).toEqual([ofAda, ofBob]);
  });

  test('is in call order, and all of a table behind the first that refers to a key which can not be taken ahead', () => {
    checkPlans(anyBatch, ({ later }, { entries, options }) => {
      const waiting = new Set<Entry>();
      const isTold = ({ conflict, shape }: Entry) =>
        conflict !== undefined || !options.facts?.get(shape.table)?.plain;
      for (const entry of entries) {
        const isWaiting = entry.references.some(
          ({ origin: { entry: parent } }) => isTold(parent) || waiting.has(parent),
        );
        const isBehind = [...waiting].some(({ shape }) => shape === entry.shape);
        if (isWaiting || isBehind) waiting.add(entry);
      }
      expect([...waiting].filter((entry) => !later.includes(entry))).toEqual([]);
      expect(later).toEqual(entries.filter((entry) => later.includes(entry)));
      expect(later.length > 0).toBe(waiting.size > 0);
    });
  });
});
