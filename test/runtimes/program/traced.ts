import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';

/** Runs `work` as the only one whose flushes are traced: a Worker may serve other requests meanwhile. */
export async function traced<T>(work: () => Promise<T>): Promise<{ result: T; events: string[] }> {
  const channels = diagnosticsChannel.tracingChannel('batched-drizzle:flush');
  const caller = new AsyncLocalStorage<string>();
  const events: string[] = [];
  const noting = (event: string) => () => {
    const store = caller.getStore();
    if (store) events.push(`${event} in ${store}`);
  };
  const subscribers = {
    start: noting('start'),
    end: noting('end'),
    asyncStart: noting('asyncStart'),
    asyncEnd: noting('asyncEnd'),
    error: noting('error'),
  };
  channels.subscribe(subscribers);
  channels.start.bindStore(caller, () => caller.getStore() && 'span');
  try {
    return { result: await caller.run('caller', work), events };
  } finally {
    channels.start.unbindStore(caller);
    channels.unsubscribe(subscribers);
  }
}
