import { sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { Selections } from '../../../src/drizzle/selections.ts';
import { addresses, users } from '../../support/schema.ts';

const { id, name } = users;
const dialect = new PgDialect();

describe('what callers select', () => {
  test('is one selection for the same columns by the same names, in whatever object they are given', () => {
    const selections = new Selections(dialect);
    const first = selections.of({ id, name });
    expect(first).toEqual([
      { path: ['id'], field: id },
      { path: ['name'], field: name },
    ]);
    expect(selections.of({ id, name })).toBe(first);
    expect(selections.of(Object.freeze({ id, name }))).toBe(first);
  });

  test.each<[string, object]>([
    ['in another order', { name, id }],
    ['by another name', { key: id, name }],
    ['fewer of them', { id }],
    ['more of them', { id, name, again: id }],
    ['of another table', { id: addresses.id, name }],
    ['beside an expression', { id, name: sql`upper(${name})` }],
    ['as an expression', { id, name: sql`${name}`.as('name') }],
    ['within another', { id, name: { name } }],
    ['none of them', {}],
  ])('is another for columns %s', (_, fields) => {
    const selections = new Selections(dialect);
    const first = selections.of({ id, name });
    const other = selections.of(fields);
    expect(other).not.toBe(first);
    expect(other).toEqual(new Selections(dialect).of(fields));
    expect(first.map(({ field }) => field)).toEqual([id, name]);
  });

  test('is made anew for expressions, which whoever made them may change', () => {
    const selections = new Selections(dialect);
    const upper = sql`upper(${name})`;
    const first = selections.of({ upper });
    expect(selections.of({ upper })).not.toBe(first);
    const columns = selections.of({ id });
    selections.of({ upper });
    expect(selections.of({ id })).toBe(columns);
  });

  test('is not changed by what becomes of the object that said it', () => {
    const selections = new Selections(dialect);
    const fields: Record<string, unknown> = { id };
    const first = selections.of(fields);
    fields.id = name;
    expect(first).toEqual([{ path: ['id'], field: id }]);
    expect(selections.of({ id })).toBe(first);
    expect(selections.of(fields)).toEqual([{ path: ['id'], field: name }]);
    fields.key = id;
    expect(selections.of({ id: name })).toEqual([{ path: ['id'], field: name }]);
    expect(selections.of(fields)).toHaveLength(2);
  });
});
