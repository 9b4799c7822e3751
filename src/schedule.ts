/** When a flush happens by itself. */

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
 * The idea of batching by turns is that of graphql/dataloader, whose scheduler runs a tick after the promise
 * jobs for the same reason.
 */
export function atEndOfTurn(dispatch: () => void): void {
  setImmediate(dispatch);
}

/** Runs `dispatch` behind the call that is being made, whose chained calls are still to come. */
export function behindThisCall(dispatch: () => void): void {
  queueMicrotask(dispatch);
}
