/** Waits for the moment at which a flush begins by itself. */
import { AsyncResource } from 'node:async_hooks';
import type { Driver } from '../driver/driver.ts';
import { behindPromiseJobs, hasPhases, inPollPhase } from '../driver/event-loop.ts';

// Captured at import: a test's fake timers must not stall a flush.
const { queueMicrotask, setImmediate } = globalThis;

/**
 * Runs `dispatch` at the end of the current turn of the event loop.
 *
 * Why `setImmediate`, and not a promise job or `process.nextTick`: an insert is often awaited a few promise
 * jobs into a turn. Examples are `Promise.all(rows.map(async (row) => …))` with an `await` before the insert,
 * and a request handler after its middleware. Each of these jobs may queue others.
 *
 * Jobs and ticks all run before the check phase, in which immediates run. By then every insert of this turn
 * has been made, also those of other sockets that were readable in the same poll. No timer is involved: if
 * there is nothing else to do, the loop goes straight to the check phase. The caller pays one pass of the
 * loop, and inserts that were issued together travel together.
 *
 * The dispatch itself runs one step later, in the poll phase, if the loop has one. postgres.js writes its data in
 * an immediate. From the check phase that would be the next pass's check phase, after the close phase. If a socket
 * is closed there, postgres.js cancels the immediate and keeps the bytes, and the connection never starts again.
 *
 * The idea of batching by turns is that of graphql/dataloader, whose scheduler runs a tick after the promise
 * jobs for the same reason.
 */
export function atEndOfTurn(dispatch: () => void): void {
  setImmediate(() => dispatchInPollPhase(dispatch));
}

/** The same without the way to the poll phase, for a driver that does not write in an immediate. */
export function atEndOfTurnFor(
  { writesInImmediate }: Pick<Driver, 'writesInImmediate'>,
  dispatch: () => void,
): void {
  if (writesInImmediate) atEndOfTurn(dispatch);
  else setImmediate(dispatch);
}

/** The same, if it is still needed when the turn has ended. */
export function atEndOfTurnIf(isNeeded: () => boolean, dispatch: () => void): void {
  setImmediate(() => {
    if (!isNeeded()) return;
    if (hasPhases()) dispatchInPollPhase(dispatch);
    else behindEndOfTurn(isNeeded, dispatch);
  });
}

/** The same without the way to the poll phase. */
export function behindEndOfTurnIf(isNeeded: () => boolean, dispatch: () => void): void {
  setImmediate(() => isNeeded() && behindEndOfTurn(isNeeded, dispatch));
}

/** What the turn dispatches by itself comes first: it may do the work, and more with it. */
function behindEndOfTurn(isNeeded: () => boolean, dispatch: () => void): void {
  setImmediate(() => isNeeded() && dispatch());
}

function dispatchInPollPhase(dispatch: () => void): void {
  // `AsyncResource.bind` would define a deprecated property on each function.
  const resource = new AsyncResource('BatchedFlush');
  inPollPhase(() => resource.runInAsyncScope(dispatch));
}

/**
 * Runs `dispatch` behind the promise jobs of this turn and of the ticks that are due. The inserts of a transaction come from one
 * program, which goes on by them, so they need not wait for other sockets, and an awaited insert saves a pass of the loop.
 *
 * It is in the phase in which the insert is awaited, like the statements of plain drizzle.
 */
export function behindTicks(dispatch: () => void): void {
  behindPromiseJobs(() => behindPromiseJobs(dispatch));
}

/** Runs `dispatch` after the current call, so that chained calls come before it. */
export function behindThisCall(dispatch: () => void): void {
  queueMicrotask(dispatch);
}
