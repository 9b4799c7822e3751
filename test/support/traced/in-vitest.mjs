// A file of tests for Vitest, which runs it in a fork or in a thread, and ends that without an event.
import pg from 'pg';
import { expect, test, vi } from 'vitest';

test('a loop under fake timers', async () => {
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  vi.useFakeTimers({ toFake: ['performance', 'setImmediate', 'Date'] });
  // loop:
  for (let number = 0; number < 5; number++) await client.query('select 1');
  vi.useRealTimers();
  expect(await client.end()).toBeUndefined();
});
