import { type SQL, sql } from 'drizzle-orm';
import { boolean, pgTable, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { tableShape } from '../../../src/drizzle/table.ts';
import { needsServerTypes } from '../../../src/plan/parameter-types.ts';
import { postgresJsValues } from '../../../src/postgres-js/values.ts';
import { renderSnapshot } from '../../../src/take/rows.ts';
import { dialect } from '../../support/entries.ts';
import { custom } from '../../support/same-values.ts';

const t = pgTable('t', { name: text('name'), flag: boolean('flag'), b: custom('bytea') as never });
const shape = tableShape(dialect, t);

const usual = { 16: (value: unknown) => (value === true ? 't' : 'f'), 17: String };

function needs(expression: SQL, sqlType = 'text', serializers: object = usual): boolean {
  const rendered = renderSnapshot(dialect, expression) ?? { texts: [], params: [] };
  return needsServerTypes(rendered, shape, sqlType, postgresJsValues({ serializers: serializers as never }));
}

describe('the types of the server are needed', () => {
  test.each<[string, SQL, sqlType?: string]>([
    ['an array', sql`${sql.param([1])}`],
    ['an object', sql`${sql.param({ a: 1 })}::text`],
    ['undefined', sql`${sql.param(undefined)}`],
    ['a text that is cast to a boolean', sql`${'true'}::boolean`],
    ['a text that is cast so otherwise', sql`cast((${'x'}) as bytea)`],
    ['a text alone for such a column', sql` ${'true'} `, 'boolean'],
    ['a text that is compared with such a column', sql`${t.flag} is distinct from ${'true'}`],
    ['a text that such a column is compared with', sql`${'true'} = ${t.flag}`],
    ['a text that is assigned to such a column', sql`name = ${'x'}, "b" = ${'x'}`],
    ['a number that is cast to json', sql`${5}::json`],
  ])('for %s', (_, expression, sqlType) => {
    expect(needs(expression, sqlType)).toBe(true);
  });

  test('for every value of a client with serialisers of its own', () => {
    expect(needs(sql`${'x'}::text`, 'text', { ...usual, 25: (value: string) => value.toUpperCase() })).toBe(
      true,
    );
  });
});

describe('the types of the server are not needed', () => {
  test.each<[string, SQL, sqlType?: string]>([
    ['texts and numbers', sql`upper(${'x'}) || ${5}`],
    ['null', sql`${null}`, 'bytea'],
    ['what postgres.js declares', sql`${true} and ${5n} > 1 and ${Buffer.from('a')} is null`],
    ['a text beside such a column', sql`"flag" = ${true}, "name" = ${'x'}`],
    ['a text in an expression for such a column', sql`${'x'} = 'x'`, 'boolean'],
    ['an object with a text of its own', sql`${sql.param(new URL('https://example.com'))}`],
  ])('for %s', (_, expression, sqlType) => {
    expect(needs(expression, sqlType)).toBe(false);
  });
});
