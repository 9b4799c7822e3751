/** When a flush happens by itself. */
import { AsyncResource } from 'node:async_hooks';
import { MessageChannel } from 'node:worker_threads';

// Captured at import: a test's fake timers must not stall a flush.
const { queueMicrotask, setImmediate } = globalThis;

/**
 * Runs `dispatch` at the end of the current turn of the event loop.
 *
 * Why `setImmediate`, and not a promise job or `process.nextTick`: an insert is often awaited a few promise
 * jobs into a turn (`Promise.all(rows.map(async (row) => …))` with an `await` before the insert, a request
 * handler behind its middleware), and each of these jobs may queue others. Jobs and ticks all run before the
 * check phase, where immediates do; by then every insert that this turn was going to make has been made, and
 * so have those of the other sockets that were readable in the same poll. Nothing waits for a timer: with
 * nothing else to do the loop goes straight to the check phase. What a caller pays is therefore not latency
 * but one pass of the loop, and what it gains is that inserts which were issued together travel together.
 *
 * The dispatch itself comes one step later, in the poll phase. postgres.js lets out by an immediate what it is given to
 * write; from the check phase that would be the next one's, behind the close phase, where a socket that has gone down
 * tells of it: postgres.js would take the immediate back and keep the bytes, and the connection would never start again.
 *
 * The idea of batching by turns is that of graphql/dataloader, whose scheduler runs a tick after the promise
 * jobs for the same reason.
 */
export function atEndOfTurn(dispatch: () => void): void {
  setImmediate(() => inPollPhase(dispatch));
}

let turnChannel: MessageChannel | undefined;

let due: (() => void)[] = [];

/** A message is what comes in that phase without a file, a socket or a timer. */
function inPollPhase(dispatch: () => void): void {
  turnChannel ??= openChannel();
  // `AsyncResource.bind` would define a deprecated property for each.
  const resource = new AsyncResource('BatchedFlush');
  due.push(() => resource.runInAsyncScope(dispatch));
  if (due.length > 1) return;
  // Only what is due keeps the process running.
  turnChannel.port1.ref();
  turnChannel.port2.postMessage(undefined);
}

function openChannel(): MessageChannel {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', () => {
    const dispatches = due;
    due = [];
    port1.unref();
    for (const dispatch of dispatches) dispatch();
  });
  port1.unref();
  port2.unref();
  return { port1, port2 };
}

/** Runs `dispatch` behind the call that is being made, whose chained calls are still to come. */
export function behindThisCall(dispatch: () => void): void {
  queueMicrotask(dispatch);
}
