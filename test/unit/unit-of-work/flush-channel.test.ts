import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import type { Entry } from '../../../src/take/entry.ts';
import { announceFlush } from '../../../src/unit-of-work/flush-channel.ts';

test('a flush that nobody listens to is not looked at', () => {
  const touched: PropertyKey[] = [];
  const entry = new Proxy({} as Entry, {
    get(_, key) {
      touched.push(key);
      return [];
    },
  });
  const outcome = new Proxy({} as { report: never; failure: undefined; entries: [] }, {
    get: (_, key) => void touched.push(key),
  });
  expect(announceFlush('database', [entry])(outcome)).toBe(outcome);
  expect(touched).toEqual([]);

  const listen = (): void => {};
  subscribe('batched-drizzle:flush', listen);
  announceFlush('database', [entry]);
  unsubscribe('batched-drizzle:flush', listen);
  expect(touched.length).toBeGreaterThan(0);
});
