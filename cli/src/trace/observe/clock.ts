/** The functions of time as they were when the process started: a test may replace them later. */
import { performance } from 'node:perf_hooks';

const elapsed = performance.now.bind(performance);
const { timeOrigin } = performance;

/** Milliseconds since the epoch, in thousandths. */
export const now = (): number => Math.round((timeOrigin + elapsed()) * 1_000) / 1_000;

const schedule = setImmediate;

/** Calls back when this turn of the event loop is over, also if nothing else happens. */
export function atEndOfTurn(callback: () => void): void {
  schedule(callback);
}
