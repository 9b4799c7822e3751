/** batched-drizzle: which inserts a flush writes. It runs in the stores that are bound to the start of its tracing channel. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import type { Places } from './places.ts';

/** What the library says of a flush if it is traced. */
interface Flush {
  readonly places?: readonly string[];
}

const places = new AsyncLocalStorage<number | undefined>();

export const placeOfFlush = (): number | undefined => places.getStore();

/** By this the library captures the places, also of databases that do not have `batch.trace`. */
const traced = Symbol.for('batched-drizzle.trace');

export function watchFlushes(known: Places): void {
  Object.assign(globalThis, { [traced]: { isOn: true } });
  const { start } = tracingChannel<number | undefined, Flush>('batched-drizzle:flush');
  start.bindStore(places, ({ places: [first] = [] }) => (first === undefined ? undefined : known.at(first)));
}
