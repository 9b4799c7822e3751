import { expect, test } from 'vitest';
import { RecentTexts } from '../../../src/driver/recent-texts.ts';

test('what is known of a text stays until it is forgotten, or known anew', () => {
  const known = new RecentTexts<readonly number[]>();
  known.set('a', [23]);
  known.set('b', [25]);
  known.set('a', [20]);
  expect([known.get('a'), known.get('b'), known.get('c')]).toEqual([[20], [25], undefined]);
  known.forget('a');
  expect(known.get('a')).toBeUndefined();
  known.clear();
  expect(known.size).toBe(0);
});

test('of many texts those that have not been asked for lately are forgotten', () => {
  const known = new RecentTexts<readonly number[]>();
  known.set('first', [1]);
  for (let n = 0; n < 5_000; n++) {
    known.set(`text ${n}`, [n + 1]);
    known.get('first');
    expect(known.size).toBeLessThanOrEqual(1_000);
  }
  expect(known.get('first')).toEqual([1]);
  expect(known.get('text 0')).toBeUndefined();
  expect(known.get('text 4999')).toEqual([5_000]);
});

test('long texts take the place of many, and very long ones are not remembered', () => {
  const known = new RecentTexts<readonly number[]>();
  for (let n = 0; n < 100; n++) known.set(`${n}`.padEnd(50_000), [1]);
  expect(known.size).toBeLessThanOrEqual(20);
  expect(known.get('99'.padEnd(50_000))).toEqual([1]);
  known.set('x'.repeat(200_000), [1]);
  expect(known.get('x'.repeat(200_000))).toBeUndefined();
});
