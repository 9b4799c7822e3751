import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel, { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FlushFailure } from '../../../src/settle/failures.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { announceFlush } from '../../../src/unit-of-work/flush-channel.ts';
import type { FlushTrace } from '../../../src/unit-of-work/flush-tracing.ts';
import { eachEvent } from '../../support/each-event.ts';

const entry = { count: 3, shape: { name: '"users"' } } as Entry;
const written = async (): Promise<FlushFailure | undefined> => undefined;
const tracing = diagnosticsChannel.tracingChannel<unknown, FlushTrace>('batched-drizzle:flush');
const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

test('a flush that nobody listens to is not looked at', async () => {
  const touched: PropertyKey[] = [];
  const noting = new Proxy({} as Entry, {
    get(_, key) {
      touched.push(key);
      return [];
    },
  });
  await announceFlush('database', [noting], written);
  expect(touched).toEqual([]);

  const listen = (): void => {};
  subscribe('batched-drizzle:flush', listen);
  await announceFlush('database', [noting], written);
  unsubscribe('batched-drizzle:flush', listen);
  expect(touched).toContain('count');
});

describe('the tracing channel batched-drizzle:flush', () => {
  let unsubscribeAll = (): void => {};
  afterEach(() => unsubscribeAll());

  /** The events with the contexts that they carried, and what these had at that moment. */
  function listen(): { event: string; context: FlushTrace; had: string[] }[] {
    const events: { event: string; context: FlushTrace; had: string[] }[] = [];
    const subscribers = eachEvent((event) => (given) => {
      const context = given as FlushTrace;
      events.push({ event, context, had: Object.keys(context).slice(4) });
    });
    tracing.subscribe(subscribers);
    unsubscribeAll = () => void tracing.unsubscribe(subscribers);
    return events;
  }

  test('has one context for all events of a flush, and its report as the result', async () => {
    const events = listen();
    const { report } = await announceFlush('database', [entry, entry], written);
    expect(events.map(({ event, had }) => [event, had])).toEqual([
      ['start', []],
      ['end', []],
      ['asyncStart', ['result']],
      ['asyncEnd', ['result']],
    ]);
    const [context, ...others] = new Set(events.map((event) => event.context));
    expect(others).toEqual([]);
    expect(context).toEqual({
      id: expect.any(Number),
      where: 'database',
      rows: 6,
      tables: ['"users"'],
      result: report,
    });
  });

  test('has an error without the message and the causes of the one that the flush failed with', async () => {
    const events = listen();
    const cause = Object.assign(new Error('Key (email)=(secret)'), { code: '23505', detail: 'secret' });
    const error = Object.assign(new Error('secret', { cause }), { code: '23505' });
    const { report, failure } = await announceFlush('transaction', [entry], async () => ({ error, cause }));
    expect(failure?.error).toBe(error);
    expect(events.map(({ event, had }) => [event, had])).toEqual([
      ['start', []],
      ['end', []],
      ['error', ['error']],
      ['asyncStart', ['error']],
      ['asyncEnd', ['error']],
    ]);
    const traced = events[0]?.context.error;
    expect(traced).toBeInstanceOf(Error);
    expect(traced).toMatchObject({ name: 'FlushError', code: '23505', failures: [], report });
    expect(traced?.message).toBe('flush failed (23505)');
    expect(traced?.stack).not.toContain('secret');
    expect(traced).not.toHaveProperty('cause');
  });

  test('ends also if the flush breaks off', async () => {
    const events = listen();
    const broken = announceFlush('database', [entry], () => Promise.reject(new Error('secret')));
    await expect(broken).rejects.toThrow('secret');
    expect(events.map(({ event }) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(events[0]?.context.error?.message).toBe('flush failed (no code)');
  });

  test.each(names)('sends its events if nobody subscribes but to %s', async (name) => {
    const heard: unknown[] = [];
    const subscriber = (context: unknown) => void heard.push(context);
    tracing[name].subscribe(subscriber);
    await announceFlush('database', [entry], async () => ({ error: new Error('x'), cause: new Error('x') }));
    tracing[name].unsubscribe(subscriber);
    expect(heard).toEqual([expect.objectContaining({ rows: 3 })]);
  });

  test('sends nothing of a flush without rows', async () => {
    const events = listen();
    await announceFlush('database', [], written);
    expect(events).toEqual([]);
  });

  test('runs the flush in a store that is bound to start, and what is behind it in its own', async () => {
    const storage = new AsyncLocalStorage<string>();
    tracing.start.bindStore(storage, ({ id }: FlushTrace) => `flush ${id}`);
    unsubscribeAll = () => void tracing.start.unbindStore(storage);
    const stores: (string | undefined)[] = [];
    let id: number | undefined;
    const message = (start: unknown) => {
      id ??= (start as FlushTrace).id;
      stores.push(storage.getStore());
    };
    subscribe('batched-drizzle:flush', message);
    await storage.run('caller', async () => {
      await announceFlush('database', [entry], async () => {
        await undefined;
        stores.push(storage.getStore());
        return undefined;
      });
      stores.push(storage.getStore());
    });
    unsubscribe('batched-drizzle:flush', message);
    expect(stores).toEqual([`flush ${id}`, `flush ${id}`, `flush ${id}`, 'caller']);
  });

  test('is not missed by a runtime that has no tracing channels', async () => {
    vi.resetModules();
    vi.doMock('node:diagnostics_channel', () => ({
      default: { channel: diagnosticsChannel.channel },
    }));
    const bare = await import('../../../src/unit-of-work/flush-channel.ts');
    vi.doUnmock('node:diagnostics_channel');
    vi.resetModules();
    const events = listen();
    expect(await bare.announceFlush('database', [entry], written)).toMatchObject({ entries: [entry] });
    expect(events).toEqual([]);
  });
});
