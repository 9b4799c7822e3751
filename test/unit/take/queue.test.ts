import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/take/entry.ts';
import { Queue } from '../../../src/take/queue.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf } from '../../support/entries.ts';
import { addresses, users } from '../../support/schema.ts';

let queue: Queue;
beforeEach(() => {
  queue = new Queue();
});

const user = (name: string, ...more: string[]) =>
  entryOf(
    users,
    [name, ...more].map((each) => ({ name: each })),
  );
const addressOf = (parent: Entry) => entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });

function push(...entries: Entry[]): Entry[] {
  for (const entry of entries) queue.push(entry);
  return entries;
}

test('rows and bytes are those of the entries in it, whatever is pushed and withdrawn', () => {
  const steps = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 4 }), withdraw: fc.boolean() }));
  fc.assert(
    fc.property(steps, (given) => {
      const own = new Queue();
      const entries = given.map(({ rows }) => user('x', ...Array(rows - 1).fill('a longer name')));
      for (const entry of entries) own.push(entry);
      for (const [index, entry] of entries.entries()) if (given[index]?.withdraw) own.withdraw(entry);
      const left = entries.filter((_, index) => !given[index]?.withdraw);
      expect(own.rows).toBe(left.reduce((sum, { count }) => sum + count, 0));
      expect(own.bytes).toBe(left.reduce((sum, { bytes }) => sum + bytes, 0));
      expect(own.isEmpty).toBe(left.length === 0);
      expect(own.take()).toEqual(left);
      expect([own.rows, own.bytes, own.isEmpty]).toEqual([0, 0, true]);
    }),
  );
});

test('an entry can be withdrawn once, and only from the queue that holds it', () => {
  const [entry] = push(user('Ada'), user('Bob'));
  expect(queue.withdraw(user('Ada'))).toBe(false);
  expect(queue.withdraw(entry as Entry)).toBe(true);
  expect(queue.withdraw(entry as Entry)).toBe(false);
  expect(queue.rows).toBe(1);
});

test('an entry that was taken out for a while comes back to the place of its call', () => {
  const [ada, bob, cyd] = push(user('Ada'), user('Bob'), user('Cyd')) as [Entry, Entry, Entry];
  queue.withdraw(ada);
  queue.withdraw(bob);
  queue.push(bob);
  queue.push(ada);
  expect(queue.take()).toEqual([ada, bob, cyd]);
});

test('what arrives after take() lands in the next batch', () => {
  const first = push(user('Ada'), user('Bob'));
  const taken = queue.take();
  const second = push(user('Cyd'));
  expect(taken).toEqual(first);
  expect([taken, second].map(([entry]) => entry?.state)).toEqual(['taken', 'queued']);
  expect(queue.take()).toEqual(second);
});

describe('takeWhere', () => {
  const awaited = (entry: Entry) => entry.awaited;

  test('takes what is wanted and leaves the rest, both in call order', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (given) => {
        const own = new Queue();
        const entries = given.map((isAwaited, index) =>
          Object.assign(user(`${index}`), { awaited: isAwaited }),
        );
        for (const entry of entries) own.push(entry);
        expect(own.takeWhere(awaited)).toEqual(entries.filter((entry) => entry.awaited));
        expect(own.rows).toBe(entries.filter((entry) => !entry.awaited).length);
        expect(entries.map(({ state }) => state === 'taken')).toEqual(given);
        expect(own.take()).toEqual(entries.filter((entry) => !entry.awaited));
      }),
    );
  });

  test('takes the parents that what is wanted refers to, before it', () => {
    const parent = user('Ada');
    const child = entryOf(users, { id: refer(parent, 'id', 0), name: 'child' });
    const grandchild = addressOf(child);
    push(user('not wanted'), parent, child, addressOf(parent), grandchild);
    grandchild.awaited = true;
    // The child's id is the parent's id, so the child itself is not needed.
    expect(queue.takeWhere(awaited)).toEqual([parent, grandchild]);
    child.awaited = true;
    expect(queue.takeWhere(awaited)).toEqual([child]);
    expect(queue.rows).toBe(2);
  });

  test('takes the parents of parents', () => {
    const parent = user('Ada');
    const child = addressOf(parent);
    const grandchild = entryOf(users, { id: refer(child, 'id', 0), name: 'grandchild' });
    push(parent, user('not wanted'), child, grandchild);
    grandchild.awaited = true;
    expect(queue.takeWhere(awaited)).toEqual([parent, child, grandchild]);
  });

  test('takes nothing where nothing is wanted', () => {
    push(user('Ada'));
    expect(queue.takeWhere(awaited)).toEqual([]);
    expect(queue.rows).toBe(1);
  });
});
