/**
 * Warns if a process ends with queued rows. They are not written, as in drizzle, but the user should know.
 */
import { countRows } from '../errors.ts';
import { ofProcess } from '../process-state.ts';
import { warnOf } from './warning.ts';

interface Holder {
  readonly pending: number;
}

const holders = ofProcess('holders', () => new Set<Holder>());

/** Watches a queue while it holds rows. The listener is added with the first queue. */
export function watch(holder: Holder): void {
  // A Worker with an older compatibility date is not told of its end.
  if (typeof process.listeners !== 'function') return;
  if (holders.size === 0 && !process.listeners('beforeExit').includes(warn)) process.on('beforeExit', warn);
  holders.add(holder);
}

export function unwatch(holder: Holder): void {
  holders.delete(holder);
}

function warn(): void {
  const rows = [...holders].reduce((sum, holder) => sum + holder.pending, 0);
  holders.clear();
  if (rows === 0) return;
  warnOf(
    `${countRows(rows)} queued on a batched database, never awaited or flushed, were not written; await db.flush()`,
    'BATCHED_DRIZZLE_ROWS_LEFT',
  );
}
