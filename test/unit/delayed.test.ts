import { describe, expect, test } from 'vitest';
import { delayed } from '../support/delayed.ts';

const numbers = Array.from({ length: 50 }, (_, n) => n);

/** Gives the numbers to the delay, and resolves to them as they are delivered. */
function deliver(ms: number): Promise<number[]> {
  const later = delayed(ms);
  const delivered: number[] = [];
  return new Promise((resolve) => {
    for (const n of numbers) {
      later(() => {
        if (delivered.push(n) === numbers.length) resolve(delivered);
      });
    }
    if (ms > 0) expect(delivered).toEqual([]);
  });
}

describe('a delay of the relay', () => {
  test.each([0, 1, 0.1, 0.25, 1.5])('of %d ms delivers all in the order given', async (ms) => {
    expect(await deliver(ms)).toEqual(numbers);
  });

  test('of a part of a millisecond accepts more while it delivers', async () => {
    const later = delayed(0.1);
    const delivered: string[] = [];
    await new Promise<void>((resolve) => {
      later(() => {
        delivered.push('first');
        later(() => {
          delivered.push('third');
          resolve();
        });
      });
      later(() => delivered.push('second'));
    });
    expect(delivered).toEqual(['first', 'second', 'third']);
  });
});
