import { afterEach, expect, test, vi } from 'vitest';
import { atEndOfTurn, behindThisCall } from '../../src/schedule.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('the end of a turn comes after the promise jobs and ticks already queued, and what they queue', async () => {
  const order: string[] = [];
  const ended = new Promise<void>((resolve) => {
    atEndOfTurn(() => {
      order.push('end of turn');
      resolve();
    });
  });
  (async () => {
    for (let job = 0; job < 50; job++) await undefined;
    order.push('promise jobs');
    process.nextTick(async () => {
      await undefined;
      order.push('tick');
    });
  })();
  await ended;
  expect(order).toEqual(['promise jobs', 'tick', 'end of turn']);
});

test('it comes before any timer that is set in the turn', async () => {
  const order: string[] = [];
  atEndOfTurn(() => order.push('end of turn'));
  await new Promise<void>((resolve) => setTimeout(resolve, 1)).then(() => order.push('timer'));
  expect(order).toEqual(['end of turn', 'timer']);
});

test('it never comes at once', () => {
  const dispatch = vi.fn();
  atEndOfTurn(dispatch);
  expect(dispatch).not.toHaveBeenCalled();
});

test('behind a call comes after what is chained to it, and before the promise jobs that follow', async () => {
  const order: string[] = [];
  behindThisCall(() => order.push('behind'));
  order.push('chained');
  await undefined;
  order.push('later');
  expect(order).toEqual(['chained', 'behind', 'later']);
});

test('fake timers stall neither', async () => {
  const { setImmediate: real } = globalThis;
  vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'] });
  const dispatch = vi.fn();
  atEndOfTurn(dispatch);
  behindThisCall(dispatch);
  await new Promise((resolve) => real(() => real(resolve)));
  expect(dispatch).toHaveBeenCalledTimes(2);
});
