import { describe, expect, test } from 'vitest';
import { endsInside, ownEnds } from '../../../src/node-postgres/ends.ts';

const failed = (code: string) => Promise.reject(Object.assign(new Error('refused'), { code }));

test("a transaction of one's own is over when the server is idle", () => {
  const ends = ownEnds('begin isolation level serializable');
  expect([ends.begin, ends.commit, ends.rollback]).toEqual([
    'begin isolation level serializable',
    'commit',
    ['rollback'],
  ]);
  expect([ends.isOver('I', null), ends.isOver('E', null)]).toEqual([true, false]);
});

describe('inside of another it is a savepoint', () => {
  test('with a name of its own', () => {
    expect(endsInside().begin).not.toBe(endsInside().begin);
  });

  test('whose release is its COMMIT, and which is still there if that is refused for a failure', async () => {
    const { asEnd, isOver } = endsInside();
    expect((await asEnd?.(Promise.resolve([] as never), true))?.command).toBe('COMMIT');
    expect((await asEnd?.(failed('25P02'), true))?.command).toBe('ROLLBACK');
    await expect(asEnd?.(failed('3B001'), true)).rejects.toThrow('refused');
    const refusal = (code: string) => Object.assign(new Error(), { code });
    expect([isOver('E', refusal('25P02')), isOver('T', refusal('3B001')), isOver('T', null)]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
