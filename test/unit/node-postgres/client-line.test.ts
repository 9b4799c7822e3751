import { expect, test } from 'vitest';
import { ClientLine } from '../../../src/node-postgres/client-line.ts';

test('transactions of a client begin one behind the other', async () => {
  const line = new ClientLine();
  const seen: string[] = [];
  const first = await line.enter();
  const second = line.enter().then((turn) => {
    seen.push('second');
    return turn;
  });
  await new Promise(setImmediate);
  seen.push('first ends');
  first.end();
  (await second).end();
  expect(seen).toEqual(['first ends', 'second']);
});

test('one that begins inside of another does not wait for it', async () => {
  const line = new ClientLine();
  const outer = await line.enter();
  const inner = await outer.run(() => line.enter());
  inner.end();
  outer.end();
});

test('what is left of a callback waits once its transaction is over', async () => {
  const line = new ClientLine();
  const outer = await line.enter();
  const enter = outer.run(() => async () => line.enter());
  const late = outer.run(async () => {
    await new Promise(setImmediate);
    return line.enter();
  });
  outer.end();
  const next = await enter();
  let hasEntered = false;
  const entering = late.then((turn) => {
    hasEntered = true;
    return turn;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(hasEntered).toBe(false);
  next.end();
  (await entering).end();
});
