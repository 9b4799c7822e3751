import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { tableShape } from '../../../src/drizzle/table.ts';
import { DeferredValue } from '../../../src/take/deferred.ts';
import { refer } from '../../../src/take/ref.ts';
import { renderSnapshot } from '../../../src/take/rows.ts';
import { Params } from '../../../src/write/params.ts';
import { dialect, encoder, entryOf } from '../../support/entries.ts';
import { users } from '../../support/schema.ts';

const rendered = (expression: ReturnType<typeof sql>) =>
  renderSnapshot(dialect, expression) ?? { texts: [], params: [] };

test('parameters are counted from 1', () => {
  const params = new Params(encoder, tableShape(dialect, users));
  expect([params.add('a'), params.add(null), params.add('')]).toEqual(['$1', '$2', '$3']);
  expect(params.values).toEqual(['a', null, '']);
});

test.each([[undefined], [1], [Buffer.from('a')], [new Date()]])(
  'nothing but text and NULL is taken, not %s',
  (value) => {
    expect(() => new Params(encoder, tableShape(dialect, users)).add(value as never)).toThrow(
      'a parameter must be text, got',
    );
  },
);

describe('an embedded expression', () => {
  test('has its parameters numbered from where it stands', () => {
    const params = new Params(encoder, tableShape(dialect, users));
    params.add('before');
    expect(params.embed(rendered(sql`a = ${'x'} and b = ${null} or ${2}`))).toBe('a = $2 and b = $3 or $4');
    expect(params.add('behind')).toBe('$5');
    expect(params.values).toEqual(['before', 'x', null, '2', 'behind']);
  });

  test('without parameters is its text, whatever it looks like', () => {
    const params = new Params(encoder, tableShape(dialect, users));
    expect(params.embed(rendered(sql.raw(`'$1' || "$2"`)))).toBe(`'$1' || "$2"`);
    expect(params.values).toEqual([]);
  });

  test('declares the types that postgres.js would declare from the value', () => {
    const params = new Params(encoder, tableShape(dialect, users));
    expect(params.embed(rendered(sql`${true} ${2n} ${Buffer.from('a')} ${1}`))).toBe(
      '$1::bool $2::int8 $3::bytea $4',
    );
  });

  test('has the value of a reference once it is known, and is refused before', () => {
    const user = entryOf(users, { name: 'Ada' });
    const late = { texts: ['id = ', ''], params: [new DeferredValue(refer(user, 'id', 0))] };
    expect(() => new Params(encoder, tableShape(dialect, users)).embed(late)).toThrow(
      expect.objectContaining({ code: 'BAD_REFERENCE' }),
    );
    user.rememberValue(0, 0, '7');
    const params = new Params(encoder, tableShape(dialect, users));
    expect(params.embed(late)).toBe('id = $1');
    expect(params.values).toEqual(['7']);
  });
});
