import { expect, test } from 'vitest';
import { castArray } from '../../../src/write/cast-array.ts';
import { factsOf } from '../../support/facts.ts';
import { users } from '../../support/schema.ts';

const facts = factsOf(users).columns.get('name');
if (!facts) throw new Error('no facts of users.name');

test.each([
  [
    'the array itself, if it can be one of the type',
    { arrayable: true, cast: 'pg_catalog.int4' },
    undefined,
    '$1::pg_catalog.int4[]',
    '',
  ],
  [
    'each element of a text array, if not',
    { arrayable: false, cast: 'public.mood' },
    undefined,
    '$1::pg_catalog.text[]',
    '::public.mood',
  ],
  [
    'the array to a declared type, whatever the column',
    { arrayable: false, cast: 'public.mood' },
    'bool',
    '$1::pg_catalog.bool[]',
    '',
  ],
] as const)('casts %s', (_, of, declared, array, elementCast) => {
  expect(castArray('$1', { ...facts, ...of }, declared)).toEqual({ array, elementCast });
});
