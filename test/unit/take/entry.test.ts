import { describe, expect, test, vi } from 'vitest';
import { driverResult } from '../../../src/database/driver-result.ts';
import type { Outcome } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf } from '../../support/entries.ts';
import { unhandledDuring } from '../../support/process-events.ts';
import { users } from '../../support/schema.ts';

const entry = () => entryOf(users, { name: 'Ada' });

const written = (value: () => unknown): Outcome => ({ value, driverValue: () => 'rows of the driver' });

describe('what entries have in common while they have none', () => {
  test('is not changed by a reference to one of them', () => {
    const [named, other] = [entry(), entry()];
    expect(named.referencedColumns).toBe(other.referencedColumns);
    refer(named, 'id', 0);
    expect([named, other].map(({ referencedColumns }) => [...referencedColumns])).toEqual([[0], []]);
    expect([...entry().referencedColumns]).toEqual([]);
  });

  test('is not changed by the references that an expression of one of them holds', () => {
    const [holder, other] = [entry(), entry()];
    expect(holder.references).toBe(other.references);
    holder.embed([]);
    expect(holder.references).toBe(other.references);
    const reference = refer(entry(), 'id', 0);
    holder.embed([reference]);
    expect([holder.references, holder.embedded]).toEqual([[reference], [reference]]);
    expect([other.references, other.embedded]).toEqual([[], []]);
  });
});

describe('what an entry learns of its rows', () => {
  test('is what the server made, never what the caller gave', () => {
    const own = entryOf(users, [{ name: 'Ada' }, { id: 7, name: null }]);
    for (const row of [0, 1]) for (const column of [0, 1]) own.rememberValue(row, column, 'told');
    expect([0, 1].map((row) => [own.generatedValue(row, 0), own.generatedValue(row, 1)])).toEqual([
      ['told', undefined],
      [undefined, undefined],
    ]);
  });

  test('is forgotten with the transaction that told it', () => {
    const own = entry();
    own.rememberValue(0, 0, '7');
    own.forgetValues();
    expect(own.generatedValue(0, 0)).toBeUndefined();
  });
});

describe('the result of an entry', () => {
  test('settles when the entry is concluded, for all who wait', async () => {
    const own = entry();
    const waiting = [own.result(), own.result()];
    own.conclude(written(() => ['row']));
    expect(await Promise.all([...waiting, own.result()])).toEqual([['row'], ['row'], ['row']]);
  });

  test('is made once, and only where somebody asks', async () => {
    const value = vi.fn(() => ['row']);
    const own = entry();
    own.conclude(written(value));
    expect(value).not.toHaveBeenCalled();
    expect(await own.result()).toBe(await own.result());
    expect(value).toHaveBeenCalledOnce();
  });

  test('is the first outcome, whatever comes later', async () => {
    const own = entry();
    own.conclude({ error: new Error('first') });
    own.conclude(written(() => ['row']));
    await expect(own.result()).rejects.toThrow('first');
    await expect(own.result()).rejects.toThrow('first');
  });

  test("rejects with what a decoder of the caller's own throws", async () => {
    const own = entry();
    const decode = () => {
      throw new TypeError('decoder');
    };
    own.conclude(written(decode));
    await expect(own.result()).rejects.toThrow(TypeError);
  });

  test.each<[string, Outcome]>([
    ['a failure', { error: new Error('nobody looks') }],
    [
      'a decoder that throws',
      written(() => {
        throw new TypeError('nobody looks');
      }),
    ],
    [
      "the cache's objection",
      { ...written(() => []), objection: Promise.resolve(new Error('nobody looks')) },
    ],
  ])('that somebody has asked for and does not hear is reported by Node: %s', async (_, outcome) => {
    const unhandled = await unhandledDuring(async () => {
      const own = entry();
      own.result();
      own.conclude(outcome);
    });
    expect(unhandled).toMatchObject([{ message: 'nobody looks' }]);
  });

  test('is no unhandledRejection if nobody has asked for it, or if the insert was never sent', async () => {
    const error = new Error('nobody looks');
    const unhandled = await unhandledDuring(async () => {
      entry().conclude({ error });
      const dropped = entry();
      dropped.result();
      dropped.conclude({ error, isQuiet: true });
    });
    expect(unhandled).toEqual([]);
  });

  test('is the rows of the driver for who asks for them, and the same error', async () => {
    const own = entry();
    own.conclude(written(() => ['row']));
    expect(await driverResult(own)).toBe('rows of the driver');
    const failed = entry();
    failed.conclude({ error: new Error('failed') });
    await expect(driverResult(failed)).rejects.toThrow('failed');
  });
});
