import { integer, type PgTable, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { isKeyPlace } from '../../../src/plan/chunk.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf, withColumn } from '../../support/facts.ts';
import { anyBatch, checkPlans, plannedRows } from '../../support/planned.ts';
import { events, tokens, users } from '../../support/schema.ts';

describe('the column that tells returned rows apart', () => {
  const identifierOf = (table: PgTable, entries: Entry[], facts = factsOf(table)) =>
    planOf(entries, { facts: new Map([[table, facts]]) }).sentinelColumns.get(table);

  test('has a key or a text of its own in every row of a statement that holds several callers', () => {
    checkPlans(anyBatch, ({ chunks, sentinelColumns }) => {
      for (const chunk of chunks) {
        const sentinelColumn = sentinelColumns.get(chunk.shape.table);
        if (chunk.way === 'own' || sentinelColumn === undefined) continue;
        const texts = plannedRows(chunk).map(({ cells }) => {
          const cell = cells[sentinelColumn];
          return isKeyPlace(cell) ? `${cell.list.name} ${cell.position}` : cell;
        });
        expect(texts.every((text) => typeof text === 'string')).toBe(true);
        expect(new Set(texts).size).toBe(chunk.size);
      }
    });
  });

  const returned = (table: PgTable, ...ids: unknown[]) =>
    ids.map((id) => entryOf(table, { id, label: 'x', name: 'x' }, { returning: [users.id] }));
  const uuid = (last: string) => `00000000-0000-4000-8000-00000000000${last}`;

  const loose = pgTable('loose', { id: serial('id'), label: text('label') });

  test.each<[string, PgTable, unknown[], number | undefined]>([
    ['a serial that is left out', users, [undefined, undefined], 0],
    ['a serial that some rows give', users, [7, undefined, -1], 0],
    ['a primary key that the client made', tokens, [uuid('a'), uuid('b')], 0],
    ['a uuid that the server makes', events, [undefined, undefined], 0],
    ['a number that each row gives once, without a constraint', loose, [7, -1], 0],
    ['no number that two rows give', loose, [7, 7], undefined],
    ['no key given twice', users, [7, 7], undefined],
    ['no key that the server may make again, being no primary key', loose, [7, undefined], undefined],
    ['no number in another form than the server writes', users, ['07', '1'], undefined],
    ['no negative zero', users, [-0, '-0'], undefined],
    ['no uuid in capitals', tokens, [uuid('a').replace(/^0/, 'A'), uuid('b')], undefined],
    ['no uuid that ends in capitals', tokens, [uuid('A'), uuid('b')], undefined],
    ['no NULL', users, [null, 1], undefined],
  ])('can be %s', (_, table, ids, expected) => {
    expect(identifierOf(table, returned(table, ...ids))).toBe(expected);
  });

  test('is a key rather than a number that each row gives', () => {
    const behind = pgTable('behind', { n: integer('n'), id: serial('id').primaryKey() });
    const entries = [1, 2].map((n) => entryOf(behind, { n }, { returning: [users.id] }));
    expect(identifierOf(behind, entries)).toBe(1);
  });

  test('is none that the role may not select', () => {
    const facts = withColumn(factsOf(users), 'id', { selectable: false });
    expect(identifierOf(users, returned(users, undefined, undefined), facts)).toBeUndefined();
  });

  test('is none that the client reads in a way of its own', () => {
    const entries = returned(users, undefined, undefined);
    expect(planOf(entries, { canParse: false }).sentinelColumns.size).toBe(0);
  });

  test('is not looked for where nobody asks for rows, or there is one row', () => {
    expect(identifierOf(users, [entryOf(users, [{ name: 'a' }, { name: 'b' }])])).toBeUndefined();
    expect(identifierOf(users, returned(users, undefined))).toBeUndefined();
  });
});
