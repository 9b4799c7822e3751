import { describe, expect, test } from 'vitest';
import { isHarmless } from '../../../src/plan/harmless.ts';

const of = (...texts: string[]) => isHarmless({ texts, params: [] } as never);

describe('an sql expression is known not to look around', () => {
  test.each([
    ['a function of the list', 'lower(', ')'],
    ['a cast to a type of the list', "'a'::text"],
    ['a column by a quoted name', '"users"."name" || \'x\''],
    ['a text that contains a call', "'quota()'"],
    ['a name that contains a quote', "\"it's\" || 'x'"],
  ])('%s', (_, ...texts) => expect(of(...texts)).toBe(true));

  test.each([
    ['a function that is not on the list', 'quota()'],
    ['a function of another schema with a name of the list', 'mine.lower(', ')'],
    ['a function by a quoted name', '"lower"(', ')'],
    ['a cast to a quoted type', '\'a\'::"mine"'],
    ['a sub-select', '(select 1)'],
    ['a call between names that contain quotes', '"a\'b" || quota() || "c\'d"'],
    ['a call between texts that contain quotes', "'a\"b' || quota() || 'c\"d'"],
    ['a call between dollar-quoted texts', "$a$'$a$ || quota() || $b$'$b$"],
    ['a call behind a comment', "1 --'\n || quota() --'"],
    ['a text with escapes', "e'\\' || quota() || e'\\'"],
  ])('not: %s', (_, ...texts) => expect(of(...texts)).toBe(false));
});
