import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endBehind } from '../../../src/postgres-js/end.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** @returns what the client's own `end()` is called with, and after how many milliseconds */
async function endWhen(takes: number, options?: object): Promise<unknown> {
  const called = performance.now();
  const work = new Promise((resolve) => setTimeout(resolve, takes));
  const own = async (given: unknown) => ({ given, after: performance.now() - called });
  const ended = endBehind(own, work)(options);
  await vi.runAllTimersAsync();
  expect(vi.getTimerCount()).toBe(0);
  return ended;
}

describe('end() of postgres.js that waits for inserts', () => {
  test.each([[undefined], [{}], [{ timeout: null }]])('waits as long as they take (%o)', async (options) => {
    expect(await endWhen(60_000, options)).toEqual({ given: options ?? {}, after: 60_000 });
  });

  test('takes what they took from its timeout', async () => {
    expect(await endWhen(2000, { timeout: 5 })).toEqual({ given: { timeout: 3 }, after: 2000 });
  });

  test('destroys the connections when its timeout is over', async () => {
    expect(await endWhen(60_000, { timeout: 5 })).toMatchObject({ given: { timeout: 0 }, after: 5000 });
  });
});
