import { expect, test } from 'vitest';
import { rowCounts } from '../../../src/drizzle/row-count.ts';

test.each<[text: string, numbers: number[]]>([
  ['select 1 where a = $1', []],
  ['select 1 where a = $1 limit $2 offset $3', [2, 3]],
  ['select 1 where a = $2 limit $2', []],
  ['select 1 where a = $12 limit $1', [1]],
  ['select (select 1 where a = $1 limit $2) limit $3', [2, 3]],
])('in %s the parameters of LIMIT and OFFSET alone are %o', (text, numbers) => {
  expect([...rowCounts(text)]).toEqual(numbers);
});
