import { describe, expect, test, vi } from 'vitest';
import { endingOf } from '../../../src/driver/ending.ts';

/** A client that knows what it was ended with. */
class Client {
  readonly ended: unknown[][] = [];

  async end(...args: unknown[]): Promise<string> {
    this.ended.push(args);
    return 'ended';
  }
}

describe('end() of a client', () => {
  test('ends it in the same call if nothing is under way', () => {
    const client = new Client();
    const ending = endingOf(client, 'end');
    ending.begin()();
    client.end('now');
    expect(client.ended).toEqual([['now']]);
  });

  test('waits for what has begun, and not for what begins later', async () => {
    const client = new Client();
    const ending = endingOf(client, 'end');
    const settled = ending.begin();
    const ended = client.end('then');
    ending.begin();
    await new Promise(setImmediate);
    expect(client.ended).toEqual([]);
    settled();
    expect(await ended).toBe('ended');
    expect(client.ended).toEqual([['then']]);
  });

  test('is replaced once, and is no new key of the client', () => {
    const client = new Client();
    const ending = endingOf(client, 'end');
    const { end } = client;
    expect(endingOf(client, 'end')).toBe(ending);
    expect(client.end).toBe(end);
    expect(Object.keys(client)).toEqual(['ended']);
  });

  test.each([
    ['that is frozen', Object.freeze(new Client())],
    ['that has none', {}],
  ])('of a client %s stays as it is', (_, client) => {
    const end = Reflect.get(client, 'end');
    endingOf(client, 'end');
    expect(Reflect.get(client, 'end')).toBe(end);
  });

  test('can be spied on before and afterwards', async () => {
    const client = new Client();
    const before = vi.spyOn(client, 'end');
    endingOf(client, 'end');
    const after = vi.spyOn(client, 'end');
    await client.end();
    expect([before, after].map((spy) => spy.mock.calls.length)).toEqual([1, 1]);
  });
});
