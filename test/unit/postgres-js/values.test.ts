import { expect, test } from 'vitest';
import { postgresJsValues } from '../../../src/postgres-js/values.ts';

const { serialize } = postgresJsValues({ serializers: {} });

test.each<[unknown[], string]>([
  [[1, 'two words', null, ''], '{1,"two words",NULL,""}'],
  [[[1], [2]], '{{1},{2}}'],
  [[['a,b'], [null]], '{{"a,b"},{NULL}}'],
  [[], '{}'],
])('an array whose type is not known is written as PostgreSQL reads one: %j', (value, text) => {
  expect(serialize(value, 0)).toBe(text);
});
