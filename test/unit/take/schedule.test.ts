import { afterEach, expect, test, vi } from 'vitest';
import { atEndOfTurn, behindTicks } from '../../../src/take/schedule.ts';

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

test('behind the ticks is behind the promise jobs and ticks already queued and what these queue, and ahead of an immediate', async () => {
  const order: string[] = [];
  const immediate = new Promise<void>((resolve) => setImmediate(() => resolve(void order.push('immediate'))));
  behindTicks(() => order.push('behind ticks'));
  (async () => {
    for (let job = 0; job < 50; job++) await undefined;
    order.push('promise jobs');
    process.nextTick(async () => {
      await undefined;
      order.push('tick');
    });
  })();
  await immediate;
  expect(order).toEqual(['promise jobs', 'tick', 'behind ticks', 'immediate']);
});

test('it waits for no timer', async () => {
  const order: string[] = [];
  atEndOfTurn(() => order.push('end of turn'));
  await new Promise<void>((resolve) => setTimeout(resolve, 30)).then(() => order.push('timer'));
  expect(order).toEqual(['end of turn', 'timer']);
});

test('it never comes at once', () => {
  const dispatch = vi.fn();
  atEndOfTurn(dispatch);
  expect(dispatch).not.toHaveBeenCalled();
});

test('fake timers do not stall it', async () => {
  const { setImmediate: real } = globalThis;
  vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'] });
  const dispatch = vi.fn();
  atEndOfTurn(dispatch);
  await new Promise((resolve) => real(() => real(resolve)));
  expect(dispatch).toHaveBeenCalledOnce();
});
