import {
  and,
  between,
  eq,
  gt,
  ilike,
  inArray,
  isNotNull,
  isNull,
  ne,
  not,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { isWholeCondition } from '../../../src/drizzle/whole-condition.ts';
import { users } from '../../support/schema.ts';

const isWhole = (condition: SQL | undefined): boolean =>
  isWholeCondition(new PgDialect().sqlToQuery(condition as SQL).sql);

describe('whole is', () => {
  test.each<[string, SQL | undefined]>([
    ['a comparison', eq(users.id, 1)],
    ['a list', inArray(users.id, [1, 2, 3])],
    ['and, or, not', or(and(eq(users.id, 1), ne(users.name, 'x')), not(gt(users.id, 3)), eq(users.id, 4))],
    ['a range', and(between(users.id, 1, 2), isNull(users.name), isNotNull(users.id))],
    ['a likeness, also negated', and(ilike(users.name, 'x%'), sql`${users.name} not like ${'y'}`)],
    ['a function that changes nothing', sql`lower(${users.name}) = 'it''s'`],
  ])('%s', (_, condition) => {
    expect(isWhole(condition)).toBe(true);
  });
});

describe('not known to be whole is', () => {
  test.each([
    '"id" = 1 -- note',
    '"id" = 1 /* note',
    '"id" = 1 returning "id"',
    '"id" = 1) or ("id" = 2',
    '"id" = 1) or (true',
    '"id" = 1;',
    '"id" = 1 and',
    '"id" = 1 order by "id" = 2',
    '("id" = 1',
    '"id"',
    '1',
    'not "id"',
    '',
    'current of "c"',
    "\"name\" = E'\\' or ' = '",
    '"name" = $$x$$',
    '"f"("id") = 1',
    'nextval($1) = 1',
    '"id" in (select "id" from "t")',
    '"id" = 1.5e',
    // The server computes it before any guard.
    'false',
  ])('%s', (text) => {
    expect(isWholeCondition(text)).toBe(false);
  });

  test('a list of thousands, which takes longer to read than a round trip is worth', () => {
    expect(
      isWhole(
        inArray(
          users.id,
          Array.from({ length: 1_000 }, (__, n) => n),
        ),
      ),
    ).toBe(false);
  });
});
