/** Says so when a process runs out of work with rows still queued: not written, as in drizzle, but not in silence. */
import { countRows } from '../errors.ts';

interface Holder {
  readonly pending: number;
}

const holders = new Set<Holder>();

/** Watches a queue for as long as it holds rows; the listener is there only from the first one on. */
export function watch(holder: Holder): void {
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
  process.emitWarning(
    `${countRows(rows)} queued on a batched database, never awaited or flushed, were not written; await db.flush()`,
    {
      type: 'BatchedDrizzleWarning',
      code: 'BATCHED_DRIZZLE_ROWS_LEFT',
    },
  );
}
