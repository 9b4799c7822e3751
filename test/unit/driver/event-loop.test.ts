import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { channelOfRuntime, openTurnPort } from '../../../src/driver/event-loop.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A channel of the web's, as workerd has it: no `on`, `ref` and `unref`. */
class WebChannel {
  readonly port1 = { postMessage: vi.fn() };
  readonly port2 = { postMessage: vi.fn() };
}

test('a port of Node runs it in the poll phase: behind the immediates of a turn, and before those that they make', async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const enterPollPhase = openTurnPort(MessageChannel, () => order.push('poll phase'));
    setImmediate(() => {
      enterPollPhase?.();
      setImmediate(() => {
        order.push('immediate of an immediate');
        resolve();
      });
    });
    setImmediate(() => order.push('immediate'));
  });
  expect(order).toEqual(['immediate', 'poll phase', 'immediate of an immediate']);
});

test('it runs once for each call', async () => {
  const run = vi.fn();
  const enterPollPhase = openTurnPort(MessageChannel, run);
  enterPollPhase?.();
  await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(1));
  enterPollPhase?.();
  await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(2));
});

test('the port keeps the process alive only while a call is due', async () => {
  const called: string[] = [];
  class Watched extends MessageChannel {
    constructor() {
      super();
      for (const name of ['ref', 'unref'] as const) {
        const method = this.port1[name];
        this.port1[name] = () => {
          called.push(name);
          method.call(this.port1);
        };
      }
    }
  }
  const enterPollPhase = openTurnPort(Watched, () => called.push('run'));
  expect(called.at(-1)).toBe('unref');
  called.length = 0;
  enterPollPhase?.();
  await vi.waitFor(() => expect(called).toContain('run'));
  expect(called).toEqual(['ref', 'unref', 'run']);
});

test('a port of the web gives no way, and is sent no message', () => {
  const made: WebChannel[] = [];
  class Watched extends WebChannel {
    constructor() {
      super();
      made.push(this);
    }
  }
  expect(openTurnPort(Watched, () => {})).toBeUndefined();
  expect(made).toHaveLength(1);
  for (const port of Object.values(made[0] as WebChannel)) expect(port.postMessage).not.toHaveBeenCalled();
});

test('a runtime without channels gives no way', () => {
  expect(openTurnPort(undefined, () => {})).toBeUndefined();
});

test('the channel is that of node:worker_threads', () => {
  vi.stubGlobal('MessageChannel', WebChannel);
  expect(channelOfRuntime()).toBe(MessageChannel);
});

test('it is the global one where the runtime has no such module, and none where it has no channel at all', () => {
  vi.stubGlobal('MessageChannel', WebChannel);
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
  expect(channelOfRuntime()).toBe(WebChannel);
  vi.stubGlobal('MessageChannel', undefined);
  expect(channelOfRuntime()).toBeUndefined();
});

test('it is the global one where modules cannot be asked for', () => {
  vi.stubGlobal('MessageChannel', WebChannel);
  const { getBuiltinModule } = process;
  try {
    Object.assign(process, { getBuiltinModule: undefined });
    expect(channelOfRuntime()).toBe(WebChannel);
  } finally {
    Object.assign(process, { getBuiltinModule });
  }
});

describe('in a loop without phases, as a Worker has it', () => {
  // The next file would get them, too.
  afterEach(() => vi.resetModules());

  /** These modules anew: they find out once what the loop has. */
  const importAnew = async () => {
    vi.resetModules();
    vi.stubGlobal('MessageChannel', WebChannel);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const schedule = await import('../../../src/take/schedule.ts');
    return { ...schedule, ...(await import('../../../src/driver/event-loop.ts')) };
  };

  test('the end of a turn is the immediate itself', async () => {
    const { atEndOfTurn } = await importAnew();
    const order: string[] = [];
    atEndOfTurn(() => order.push('end of turn'));
    setImmediate(() => order.push('next immediate'));
    expect(order).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['end of turn', 'next immediate']);
  });

  test('what may not be needed at the end of a turn runs behind what the turn dispatches, if it still is', async () => {
    const { atEndOfTurn, atEndOfTurnIf } = await importAnew();
    const order: string[] = [];
    let isNeeded = true;
    atEndOfTurnIf(
      () => true,
      () => order.push('needed'),
    );
    atEndOfTurnIf(
      () => isNeeded,
      () => order.push('needed no longer'),
    );
    atEndOfTurn(() => {
      order.push('end of turn');
      isNeeded = false;
    });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['end of turn', 'needed']);
  });

  test('behind the promise jobs means an immediate, for a tick would be one of these jobs', async () => {
    const { behindPromiseJobs } = await importAnew();
    // Node gives a message of the test runner's to its listeners by a tick with arguments, which may come now.
    vi.spyOn(process, 'nextTick').mockImplementation((work, ...args) => queueMicrotask(() => work(...args)));
    const order: string[] = [];
    behindPromiseJobs(() => order.push('behind'));
    for (let job = 0; job < 20; job++) await undefined;
    order.push('promise jobs');
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['promise jobs', 'behind']);
  });
});
