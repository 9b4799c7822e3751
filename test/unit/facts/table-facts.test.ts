import { expect, test } from 'vitest';
import { tableShape } from '../../../src/drizzle/table.ts';
import { factsQuery, readFacts } from '../../../src/facts/facts-query.ts';
import { parseArrayLiteral } from '../../support/array-literal.ts';
import { dialect } from '../../support/entries.ts';
import { counters, users } from '../../support/schema.ts';

const table = { oid: '1', user: 'app', plain: true, secured: false, types: '1:23', parents: ['2'] };
const column = {
  type: 23,
  base: 23,
  cast: 'pg_catalog.int4',
  castable: true,
  copyable: true,
  arrayable: true,
  keys: null,
  draws: false,
  insertable: true,
  always: false,
  selectable: true,
};

test('the facts of all tables are one query, their names and schemas a parameter each', () => {
  const query = factsQuery([users, counters].map((each) => tableShape(dialect, each)));
  expect(query.params.map((param) => parseArrayLiteral(String(param)))).toEqual([
    ['"users"', '"app data"."we""ird"'],
    ['', 'app data'],
  ]);
  expect(query).toMatchObject({ answer: 'raw', guarded: true });
});

test('are read in the order asked for, from the bytes of the wire', () => {
  const answer = Buffer.from(JSON.stringify([{ ...table, columns: { id: column } }, null]));
  expect(readFacts(answer, 2)).toEqual([{ ...table, columns: new Map([['id', column]]) }, undefined]);
});

test('of a table without columns are no columns', () => {
  expect(readFacts(JSON.stringify([{ ...table, columns: null }]), 1)[0]?.columns).toEqual(new Map());
});

test.each([[[]], [[null, null]]])('are refused where not as many came as were asked for: %j', (facts) => {
  expect(() => readFacts(JSON.stringify(facts), 1)).toThrow(
    expect.objectContaining({
      code: 'MISMATCHED_ANSWER',
      message: `facts of 1 tables asked for, ${facts.length} came`,
    }),
  );
});
