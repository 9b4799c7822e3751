import { describe, expect, test } from 'vitest';
import { KeyFeed } from '../../../src/load/key-feed.ts';

async function read(feed: KeyFeed): Promise<unknown[]> {
  const keys: unknown[] = [];
  for await (const key of feed.iterate({})) keys.push(key);
  return keys;
}

describe('ids', () => {
  test.each<[string, (string | null)[][], unknown[]]>([
    [
      'that count up by one',
      [
        ['1', '2', '3'],
        ['4', '5'],
      ],
      ['1', '2', '3', '4', '5'],
    ],
    ['with gaps', [['1', '3'], ['7']], ['1', '3', '7']],
    ['that go down', [['3', '2', '1']], ['3', '2', '1']],
    ['below nought', [['-1', '0', '1']], ['-1', '0', '1']],
    [
      'beyond what a number can count',
      [['9007199254740993', '9007199254740994']],
      ['9007199254740993', '9007199254740994'],
    ],
    ['that only look like numbers', [['01', '02'], ['1.0']], ['01', '02', '1.0']],
    ['that are none', [['b1', 'b2'], [null]], ['b1', 'b2', null]],
  ])('%s come as they were', async (_, chunks, expected) => {
    const feed = new KeyFeed(0);
    for (const chunk of chunks) feed.add(chunk);
    feed.commit();
    feed.end({});
    expect(await read(feed)).toEqual(expected);
  });

  test('come only when they are committed, and never those of what was rolled back', async () => {
    const feed = new KeyFeed(0);
    const reading = feed.iterate({});
    const first = reading.next();
    feed.add(['1']);
    const early = await Promise.race([first, new Promise((resolve) => setImmediate(resolve, 'nothing yet'))]);
    expect(early).toBe('nothing yet');
    feed.commit();
    expect(await first).toEqual({ value: '1', done: false });
    feed.add(['2']);
    feed.end({ error: new Error('rolled back') });
    await expect(reading.next()).rejects.toThrow('rolled back');
  });

  test('end for a reader who leaves, even while it waits, and go on for the others', async () => {
    const feed = new KeyFeed(0);
    const [one, other] = [{}, {}];
    const [ofOne, ofOther] = [feed.iterate(one), feed.iterate(other)];
    const [nextOfOne, nextOfOther] = [ofOne.next(), ofOther.next()];
    expect(feed.leave(one)).toBe(false);
    expect(await nextOfOne).toEqual({ value: undefined, done: true });
    feed.add(['1']);
    feed.commit();
    expect(await nextOfOther).toEqual({ value: '1', done: false });
    expect(feed.leave(other)).toBe(true);
    expect(feed.leave(other)).toBe(false);
  });
});
